//! Command lines whose secrets are hidden before they are kept.

use home_soc::outputs::mask;

/// Hides the secrets of `data`, and one secret put behind an option that names it.
pub fn run(data: &[u8]) {
    let Ok(line) = std::str::from_utf8(data) else { return };
    let hidden = mask::secrets(line);
    assert_eq!(mask::secrets(&hidden), hidden, "hiding twice changes it");
    if !line.contains(['"', '\'']) {
        let told = format!("tool --password=Zq7Xk9Wv2Lp {line}");
        assert!(!mask::secrets(&told).contains("Zq7Xk9Wv2Lp"), "a password is shown");
    }
}

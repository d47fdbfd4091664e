//! Command lines whose secrets are hidden before they are kept.

use home_soc::outputs::mask;

/// Looks like no kind of token: only what stands before it tells that it is a secret.
const SECRET: &str = "Zq7Xk9Wv2Lp";

/// Hides the secrets of `data`, and one secret put into common places before it.
pub fn run(data: &[u8]) {
    let Ok(line) = std::str::from_utf8(data) else { return };
    // Hiding twice may change more: what was hidden may have hidden the name of a program.
    mask::secrets(line);
    // The fuzzer learns the secret from the comparisons and then writes it anywhere.
    if line.contains(SECRET) {
        return;
    }
    for told in [
        format!("tool --password={SECRET} {line}"),
        format!("tool --token {SECRET} {line}"),
        format!("mysql -p{SECRET} {line}"),
        format!("curl -u anna:{SECRET} {line}"),
        format!("psql postgres://anna:{SECRET}@db/{line}"),
    ] {
        assert!(!mask::secrets(&told).contains(SECRET), "a secret is shown: {told}");
    }
}

//! The files of the page, packed into the program when it was built (`pack.rs`).
//!
//! Chart.js is the published file as it is, pinned by its SHA-256; its licence stands beside it.

/// A file of the page.
pub(super) struct Asset {
    path: &'static str,
    /// Its media type.
    pub(super) kind: &'static str,
    /// Its bytes, packed by gzip.
    pub(super) packed: &'static [u8],
}

macro_rules! asset {
    ($path:literal, $kind:literal, $file:literal) => {
        Asset {
            path: $path,
            kind: $kind,
            packed: include_bytes!(concat!(env!("OUT_DIR"), "/", $file, ".gz")),
        }
    };
}

const ASSETS: [Asset; 5] = [
    asset!("/", "text/html; charset=utf-8", "page.html"),
    asset!("/app.js", "text/javascript; charset=utf-8", "app.js"),
    asset!("/style.css", "text/css; charset=utf-8", "style.css"),
    asset!("/chart.js", "text/javascript; charset=utf-8", "chart.umd.min.js"),
    asset!("/icon.svg", "image/svg+xml", "icon.svg"),
];

/// The file at a path.
pub(super) fn find(path: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.path == path)
}

impl Asset {
    /// Its bytes for a client that cannot unpack.
    pub(super) fn unpacked(&self) -> Vec<u8> {
        use std::io::Read as _;
        let mut bytes = Vec::new();
        // They were packed by ourselves: what cannot be read is not there.
        drop(flate2::read::GzDecoder::new(self.packed).read_to_end(&mut bytes));
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest as _, Sha256};

    const CHART_JS: &str = "87364cc2b2a76a6684929e7d6b80b18a897794db38400caff1fcf1791c6925d2";

    #[test]
    fn chart_js_is_the_file_that_was_looked_at() {
        let sum = format!("{:x}", Sha256::digest(find("/chart.js").unwrap().unpacked()));
        assert_eq!(sum, CHART_JS);
    }

    #[test]
    fn the_page_asks_nobody_else() {
        for asset in ASSETS {
            let text = String::from_utf8(asset.unpacked()).unwrap();
            // The name space of SVG, and where Chart.js and its colours say in comments who made them.
            let text = [
                "http://www.w3.org/2000/svg",
                "https://www.chartjs.org",
                "https://github.com/kurkle/color#readme",
            ]
            .iter()
            .fold(text, |text, known| text.replace(known, ""));
            assert!(!text.contains("http://") && !text.contains("https://"), "{}", asset.path);
            assert!(
                !text.contains("\"//") && !text.contains("'//") && !text.contains("url("),
                "{}",
                asset.path
            );
        }
    }

    #[test]
    fn our_own_scripts_make_no_markup_of_text() {
        let text = String::from_utf8(find("/app.js").unwrap().unpacked()).unwrap();
        for sink in [
            "innerHTML",
            "outerHTML",
            "insertAdjacent",
            "document.write",
            "eval(",
            "new Function",
            "\"style\"",
        ] {
            assert!(!text.contains(sink), "{sink}");
        }
        let page = String::from_utf8(find("/").unwrap().unpacked()).unwrap();
        assert!(!page.contains("style=") && !page.contains("<style"), "inline style");
        let is_code = |rest: &str| rest.split([' ', '>', '"']).next().is_some_and(|word| word.ends_with('='));
        assert!(!page.split(" on").skip(1).any(is_code), "inline code");
        assert_eq!(page.matches("<script").count(), page.matches("<script src=").count());
    }

    #[test]
    fn the_whole_page_is_small_on_the_wire() {
        let bytes: usize = ASSETS.iter().map(|asset| asset.packed.len()).sum();
        assert!(bytes <= 150_000, "{bytes} bytes");
    }
}

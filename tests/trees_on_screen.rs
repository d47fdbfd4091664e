//! Three machines as folders, read by the real collectors, judged, and drawn: what a person sees of each.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test ends at the first thing that is not as it must be"
)]

mod trees;

use home_soc::assess::{self, Judge};
use home_soc::collect::Root;
use home_soc::engine::{CollectSettings, Engine};
use home_soc::model::{Level, Snapshot, Zone};
use home_soc::tui::app::{App, Looks, lines};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::sync::Arc;
use std::time::Duration;

const SIZES: [(u16, u16); 4] = [(200, 50), (100, 30), (80, 24), (40, 12)];

/// The machine after its log was read to the end.
fn snapshot(tree: &trees::Tree) -> Arc<Snapshot> {
    let judge =
        Judge::new(assess::Settings::default(), assess::Memory::default(), assess::Context::default());
    let root = Root::fixture(tree.path());
    let mut engine =
        Engine::new(&root, &CollectSettings::default(), judge, Duration::from_secs(10), trees::now());
    for _ in 0..200 {
        let snapshot = engine.beat(trees::now());
        if snapshot.readings.auth.as_ref().is_none_or(|auth| auth.caught_up) {
            return snapshot;
        }
        std::thread::sleep(Duration::from_millis(25));
    }
    panic!("the sign-ins were never read");
}

/// Overview at every size, from the largest to the smallest.
fn pictures(snapshot: &Arc<Snapshot>) -> [String; 4] {
    SIZES.map(|(width, height)| {
        let mut app = App::new(Looks { zone: Zone::utc(), ..Looks::default() });
        app.resize(width, height);
        app.hear(Arc::clone(snapshot), trees::now());
        let mut buf = Buffer::empty(Rect::new(0, 0, width, height));
        app.draw(&mut buf, trees::now());
        lines(&buf)
    })
}

fn all_show(pictures: &[String; 4], words: &str) {
    for picture in pictures {
        assert!(picture.contains(words), "{words:?} is missing:\n{picture}");
    }
}

#[test]
fn a_calm_machine_is_calm_at_every_size() {
    let tree = trees::calm();
    let snapshot = snapshot(&tree);
    assert_eq!(snapshot.count(Level::Alert), 0, "{:#?}", snapshot.findings);
    assert!(snapshot.score.value >= 90, "{:#?}", snapshot.score);
    for picture in pictures(&snapshot) {
        assert!(!picture.contains("ACT NOW"), "{picture}");
    }
}

#[test]
fn an_attacked_machine_says_so_first_at_every_size() {
    let tree = trees::attacked();
    let snapshot = snapshot(&tree);
    assert!(snapshot.score.value <= 49, "{:#?}", snapshot.score);
    let pictures = pictures(&snapshot);
    all_show(&pictures, &snapshot.score.value.to_string());
    all_show(&pictures, "kdevtmp");
    all_show(&pictures, "got in");
}

#[test]
fn a_blind_machine_shows_an_upper_bound_at_every_size() {
    let tree = trees::blind();
    let snapshot = snapshot(&tree);
    assert!(snapshot.sign_ins.is_none() && snapshot.score.is_upper_bound);
    assert!(snapshot.score.value <= 92);
    let pictures = pictures(&snapshot);
    all_show(&pictures, &format!("≤{}", snapshot.score.value));
    assert!(pictures[1].contains("CANNOT SEE") && pictures[2].contains("CANNOT SEE"));
}

//! What a frame costs: taking a beat in which every figure moved, drawing it, and making the bytes for the line.
//! At most 1 ms of processor time at 200x50.

#[allow(clippy::wildcard_imports, reason = "a test's machine, as the tests have it")]
#[path = "../tests/story/mod.rs"]
mod story;

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use home_soc::model::{Snapshot, Zone};
use home_soc::tui::app::{App, Looks};
use home_soc::tui::page::Tab;
use home_soc::tui::wire::Wire;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::sync::Arc;

fn main() {
    divan::main();
}

/// The attacked machine with 300 processes, a while later: every figure has moved.
fn moved(beat: u16) -> Arc<Snapshot> {
    let mut snapshot = story::attacked();
    let wave = f32::from(beat * 37 % 50);
    if let Some(cpu) = snapshot.readings.system.cpu.as_mut() {
        cpu.used_pct = Some(f64::from(wave));
    }
    if let Some(list) = snapshot.readings.processes.as_mut() {
        let some = Arc::make_mut(list);
        let few = some.clone();
        for copy in 1..=(300 / few.len() as u32) {
            some.extend(few.iter().cloned().map(|mut process| {
                Arc::make_mut(&mut process.program).pid += copy * 10_000;
                process
            }));
        }
        for process in some.iter_mut() {
            process.cpu_pct = Some((wave * (process.program.pid % 7) as f32) % 50.0);
            process.rss_bytes += u64::from(beat) * 70_000;
        }
    }
    Arc::new(snapshot)
}

/// One frame of a tab at 200x50, from the beat to the bytes.
#[divan::bench(args = Tab::ALL)]
fn a_frame_at_200x50(bencher: divan::Bencher<'_, '_>, tab: Tab) {
    frame(bencher, tab, 200, 50);
}

/// The same at 80x24.
#[divan::bench(args = Tab::ALL)]
fn a_frame_at_80x24(bencher: divan::Bencher<'_, '_>, tab: Tab) {
    frame(bencher, tab, 80, 24);
}

fn frame(bencher: divan::Bencher<'_, '_>, tab: Tab, width: u16, height: u16) {
    let mut app = App::new(Looks { zone: Zone::utc(), ..Looks::default() });
    let key = KeyCode::Char(char::from(b'1' + tab as u8));
    app.resize(width, height);
    app.hear(moved(0), story::now());
    app.handle(&Event::Key(KeyEvent::new(key, KeyModifiers::NONE)), story::now());
    let beats: Vec<Arc<Snapshot>> = (1..9).map(moved).collect();
    let mut wire = Wire::default();
    let mut front = Buffer::empty(Rect::new(0, 0, width, height));
    let mut back = front.clone();
    let mut out = Vec::new();
    let mut beat = 0;
    bencher.bench_local(|| {
        beat += 1;
        app.hear(Arc::clone(&beats[beat % beats.len()]), story::now());
        back.reset();
        app.draw(&mut back, story::now());
        out.clear();
        wire.encode(&front, &back, None, &mut out);
        std::mem::swap(&mut front, &mut back);
        out.len()
    });
}

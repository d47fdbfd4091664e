//! The terminal as a device: raw mode, the other screen, one write a frame, and everything put back at the end.
//!
//! A thread of its own writes, so that a terminal that stopped reading blocks nobody: while a write hangs, frames
//! are left out, never queued. Only this value's owner restores the terminal, by dropping it; a panic elsewhere
//! leaves the screen alone and is told after it was left.

use super::wire::Wire;
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::{Position, Rect};
use std::io::{self, Write as _};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, Once, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// The other screen, no cursor, pastes marked as such.
const ENTER: &[u8] = b"\x1b[?1049h\x1b[?25l\x1b[?2004h\x1b[m\x1b[2J";
/// And back.
const LEAVE: &[u8] = b"\x1b[m\x1b[?2004l\x1b[?25h\x1b[?1049l";

/// Clicks, drags and the wheel, with places beyond column 223 (1000, 1002, 1006); never 1003, which sends every
/// motion up the line.
const MOUSE_ON: &[u8] = b"\x1b[?1000h\x1b[?1002h\x1b[?1006h";
/// And off, all that any program may have left on.
const MOUSE_OFF: &[u8] = b"\x1b[?1006l\x1b[?1003l\x1b[?1002l\x1b[?1000l";

/// How long leaving waits for a terminal that does not read.
const LEAVE_PATIENCE: Duration = Duration::from_millis(300);

/// The greatest screen that is drawn: terminals lie about their size.
const MOST: (u16, u16) = (1000, 300);

/// True while a screen is up: panics must not write over it.
static UP: AtomicBool = AtomicBool::new(false);
/// What panics elsewhere said while it was up.
static KEPT: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// The terminal, taken.
pub(super) struct Screen {
    writer: Writer,
    wire: Wire,
    front: Buffer,
    back: Buffer,
    before: Vec<u8>,
    entered: bool,
    mouse: bool,
}

impl Screen {
    /// Takes the terminal that stdout is.
    ///
    /// # Errors
    /// Stdout is no terminal, or it refuses raw mode.
    pub(super) fn take() -> io::Result<Self> {
        keep_panics();
        let writer = Writer::start(io::stdout().as_fd().try_clone_to_owned()?)?;
        let mut screen = Self {
            writer,
            wire: Wire::default(),
            front: Buffer::default(),
            back: Buffer::default(),
            before: Vec::new(),
            entered: false,
            mouse: false,
        };
        screen.enter()?;
        Ok(screen)
    }

    /// Takes the terminal (again).
    ///
    /// # Errors
    /// It refuses raw mode.
    pub(super) fn enter(&mut self) -> io::Result<()> {
        crossterm::terminal::enable_raw_mode()?;
        UP.store(true, Ordering::SeqCst);
        self.entered = true;
        self.wire.forget();
        self.before.extend_from_slice(ENTER);
        if self.mouse {
            self.before.extend_from_slice(MOUSE_ON);
        }
        self.resize();
        // It is clear now: what stays blank needs no byte.
        self.front.reset();
        Ok(())
    }

    /// Gives the terminal back, as it was.
    pub(super) fn leave(&mut self) {
        if !std::mem::take(&mut self.entered) {
            return;
        }
        self.before.clear();
        if self.writer.wait(LEAVE_PATIENCE) {
            // Before and after: some terminals keep the mouse for each of their two screens.
            let mouse: &[u8] = if self.mouse { MOUSE_OFF } else { b"" };
            self.writer.send([mouse, LEAVE, mouse].concat());
            self.writer.wait(LEAVE_PATIENCE);
        }
        // An error here means that the terminal is gone: then there is nothing to restore.
        let _ = crossterm::terminal::disable_raw_mode();
        UP.store(false, Ordering::SeqCst);
        for panic in KEPT.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            let _ = writeln!(io::stderr(), "{panic}");
        }
    }

    /// Prints text on the ordinary screen and keeps reading keys one by one.
    pub(super) fn print(&mut self, text: &str) {
        self.leave();
        let _ = crossterm::terminal::enable_raw_mode();
        self.entered = true;
        UP.store(true, Ordering::SeqCst);
        self.writer.send(text.replace('\n', "\r\n").into_bytes());
    }

    /// Asks for the size and sends every cell of the next frame: nothing is cleared, so nothing flashes.
    pub(super) fn resize(&mut self) {
        let (width, height) = crossterm::terminal::size().unwrap_or((80, 24));
        let area = Rect::new(0, 0, width.clamp(1, MOST.0), height.clamp(1, MOST.1));
        // No drawn cell is empty: every one differs from this.
        self.front = Buffer::filled(area, Cell::new(""));
        self.back = Buffer::empty(area);
    }

    /// The size of what is drawn.
    pub(super) const fn size(&self) -> (u16, u16) {
        (self.front.area.width, self.front.area.height)
    }

    /// Turns the mouse on or off with the next frame.
    pub(super) fn mouse(&mut self, on: bool) {
        self.mouse = on;
        self.add(if on { MOUSE_ON } else { MOUSE_OFF });
    }

    /// Sends this with the next frame.
    pub(super) fn add(&mut self, bytes: &[u8]) {
        self.before.extend_from_slice(bytes);
    }

    /// True when the terminal took the last frame.
    pub(super) fn is_idle(&self) -> bool {
        !self.writer.state.busy.load(Ordering::SeqCst)
    }

    /// Waits until the terminal took the last frame.
    pub(super) async fn idle(&self) {
        self.writer.state.idle.notified().await;
    }

    /// True when a write failed: the terminal is gone.
    pub(super) fn is_gone(&self) -> bool {
        self.writer.state.gone.load(Ordering::SeqCst)
    }

    /// Draws a frame and sends what changed, in one write. Call it only while idle.
    pub(super) fn draw(&mut self, draw: impl FnOnce(&mut Buffer) -> Option<Position>) {
        self.back.reset();
        let cursor = draw(&mut self.back);
        let mut bytes = std::mem::take(&mut self.before);
        self.wire.encode(&self.front, &self.back, cursor, &mut bytes);
        std::mem::swap(&mut self.front, &mut self.back);
        if !bytes.is_empty() {
            self.writer.send(bytes);
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.leave();
    }
}

/// Keeps what panics say until the screen is down; without a screen they speak as ever.
fn keep_panics() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if UP.load(Ordering::SeqCst) {
                let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
                if kept.len() < 8 {
                    let thread = std::thread::current().name().unwrap_or("a thread").to_owned();
                    kept.push(format!("home-soc: a fault in {thread}: {panic}"));
                }
            } else {
                usual(panic);
            }
        }));
    });
}

/// A thread that writes one frame at a time.
struct Writer {
    frames: SyncSender<Vec<u8>>,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    busy: AtomicBool,
    gone: AtomicBool,
    idle: Notify,
}

impl Writer {
    fn start(terminal: OwnedFd) -> io::Result<Self> {
        let (frames, queue) = sync_channel(1);
        let state = Arc::new(State::default());
        let mine = Arc::clone(&state);
        std::thread::Builder::new()
            .name("terminal writer".into())
            .spawn(move || write(&terminal, &queue, &mine))?;
        Ok(Self { frames, state })
    }

    /// Hands over one frame; while another is being written it is left out.
    fn send(&self, bytes: Vec<u8>) {
        self.state.busy.store(true, Ordering::SeqCst);
        if self.frames.try_send(bytes).is_err() {
            self.state.gone.store(true, Ordering::SeqCst);
        }
    }

    /// Waits until all is written, but not longer than `patience`.
    fn wait(&self, patience: Duration) -> bool {
        let since = Instant::now();
        while self.state.busy.load(Ordering::SeqCst) {
            if since.elapsed() > patience || self.state.gone.load(Ordering::SeqCst) {
                return false;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        true
    }
}

fn write(terminal: &OwnedFd, queue: &Receiver<Vec<u8>>, state: &State) {
    while let Ok(bytes) = queue.recv() {
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            match rustix::io::write(terminal, rest) {
                Ok(written) => rest = &rest[written..],
                Err(rustix::io::Errno::INTR) => {}
                Err(rustix::io::Errno::AGAIN) => std::thread::sleep(Duration::from_millis(5)),
                Err(_) => {
                    state.gone.store(true, Ordering::SeqCst);
                    break;
                }
            }
        }
        state.busy.store(false, Ordering::SeqCst);
        state.idle.notify_one();
    }
}

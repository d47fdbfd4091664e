//! The loop: keys, beats, signals, ticks and the record's answers come in; frames and requests go out.
//!
//! Here, and nowhere below, the clock is read.

mod errands;

use super::app::{App, Chart, Effect, Looks};
use super::hands::{Hands, LogLine, Pinned};
use super::hangup::Watcher;
use super::keymap::{Action, Keymap};
use super::past::{Recalled, Stretch, Told};
use super::screen::Screen;
use super::theme::{Theme, contrast};
use super::trail::Trail;
use super::{Setup, clipboard, glyphs, theme};
use crate::model::{Request, Safe};
use anyhow::Context as _;
use chrono::{DateTime, Utc};
use crossterm::event::{Event, EventStream, KeyEventKind};
use futures_util::StreamExt as _;
use rustix::process::{Signal, kill_current_process_group};
use std::net::IpAddr;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::{Receiver, UnboundedReceiver, UnboundedSender, channel, unbounded_channel};

/// Why the screen ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The person quit, or a signal asked for it.
    Quit,
    /// The terminal is gone: be out of here within a second.
    HungUp,
}

/// The contrast from which on a text can be read (WCAG 2.1 asks 3 of large text).
const READABLE: f64 = 3.0;

/// Events that are taken before the next frame, so that a flood of keys does not starve the picture.
const BEFORE_A_FRAME: usize = 256;

/// What others finished for us.
enum News {
    /// A stretch of the record was read.
    Chart(Chart, Stretch, Result<Told, String>),
    /// A moment of the record was read.
    Moment(DateTime<Utc>, Result<Option<Box<Recalled>>, String>),
    /// The journal was asked for the lines of a process.
    Log(Box<Trail>, Result<Vec<LogLine>, String>),
    /// An address has a name, or none.
    Name(IpAddr, Option<Safe>),
    /// Nobody can be asked for names.
    NoNames(String),
    /// Something was done, or not, in words; true when the next beat shows it.
    Done(String, bool),
}

/// Shows the screen until it ends; the terminal is as it was afterwards, on every way out.
///
/// # Errors
/// The theme or the keys cannot be used, or there is no terminal.
pub async fn run(setup: Setup) -> anyhow::Result<Ending> {
    let looks = looks(&setup)?;
    let mut app = App::new(looks);
    let watcher = Watcher::start().context("cannot watch the terminal")?;
    let mouse = setup.mouse || setup.settings.mouse;
    let mut screen = Screen::take().context("cannot take the terminal; without one, use --once")?;
    let (tell, told) = unbounded_channel();
    if mouse {
        screen.mouse(true);
    }
    let (width, height) = screen.size();
    app.resize(width, height);
    let look_back = setup.look_back;
    let turns = Loop { setup, tell, plain: false, held: None };
    if let Some(at) = look_back {
        turns.recall(at);
    }
    turns.run(&mut app, &mut screen, &watcher, told).await
}

fn looks(setup: &Setup) -> anyhow::Result<Looks> {
    let theme = theme::load(&setup.settings.theme, &setup.user_themes)?;
    let mut notices = setup.notices.clone();
    if let Some((token, ratio)) = contrast::too_weak(&theme, READABLE).first() {
        let name = &theme.name;
        notices.push(format!("theme {name}: `{token}` is hard to read, its contrast is {ratio:.1}:1"));
    }
    // A broken user theme that is not the chosen one is left out of the round, not an error.
    let themes: Vec<Theme> = theme::names(&setup.user_themes)
        .into_iter()
        .filter_map(|name| theme::load(name, &setup.user_themes).ok())
        .map(|theme| theme.at(setup.color))
        .collect();
    Ok(Looks {
        theme: theme.at(setup.color),
        themes,
        glyphs: match setup.settings.glyphs {
            _ if setup.ascii => &glyphs::ASCII,
            set => set.glyphs(),
        },
        mouse: setup.mouse || setup.settings.mouse,
        hidden_columns: setup.settings.hidden_columns.clone(),
        has_logs: setup.hands.logs.is_some(),
        explain: setup.explain,
        keymap: Keymap::with(setup.settings.preset, &setup.settings.keys)?.without(&missing(&setup.hands)),
        min_level: setup.min_level,
        interval: setup.interval,
        zone: setup.zone,
        notices,
        has_record: setup.record.is_some(),
    })
}

/// What cannot be done without the hand for it.
fn missing(hands: &Hands) -> Vec<Action> {
    let mut missing = Vec::new();
    if hands.acceptances.is_none() {
        missing.extend([Action::Accept, Action::AcceptUntil, Action::TakeBack]);
    }
    if hands.exports.is_none() {
        missing.push(Action::Export);
    }
    if hands.signals.is_none() {
        missing.push(Action::Signal);
    }
    if hands.names.is_none() {
        missing.push(Action::Names);
    }
    missing
}

struct Loop {
    setup: Setup,
    tell: UnboundedSender<News>,
    /// Plain text is on the ordinary screen; any key returns.
    plain: bool,
    /// The process that the signal dialog is about.
    held: Option<Box<dyn Pinned>>,
}

impl Loop {
    async fn run(
        mut self,
        app: &mut App,
        screen: &mut Screen,
        watcher: &Watcher,
        mut told: UnboundedReceiver<News>,
    ) -> anyhow::Result<Ending> {
        let mut events = keys();
        let mut quits = [SignalKind::terminate(), SignalKind::interrupt(), SignalKind::quit()].map(signal);
        let [terminate, interrupt, quit] = &mut quits;
        let (Ok(terminate), Ok(interrupt), Ok(quit)) = (terminate, interrupt, quit) else {
            anyhow::bail!("cannot listen to signals");
        };
        let mut hang_up = signal(SignalKind::hangup())?;
        let mut stop = signal(SignalKind::from_raw(Signal::TSTP.as_raw()))?;
        let mut resume = signal(SignalKind::from_raw(Signal::CONT.as_raw()))?;
        let mut beating = true;
        loop {
            if app.is_dirty() && screen.is_idle() && !self.plain {
                screen.draw(|buf| app.draw(buf, Utc::now()));
            }
            if screen.is_gone() {
                return Ok(Ending::HungUp);
            }
            let now = Utc::now();
            let tick = app.next_tick(now).map(|at| (at - now).to_std().unwrap_or_default());
            let effects = tokio::select! {
                biased;
                () = watcher.gone() => return Ok(Ending::HungUp),
                _ = hang_up.recv() => return Ok(Ending::HungUp),
                _ = terminate.recv() => return Ok(Ending::Quit),
                _ = interrupt.recv() => return Ok(Ending::Quit),
                _ = quit.recv() => return Ok(Ending::Quit),
                _ = stop.recv() => vec![Effect::Suspend],
                _ = resume.recv() => vec![Effect::Redraw],
                event = events.recv() => match event {
                    Some(event) => self.events(event, &mut events, app, screen)?,
                    None => return Ok(Ending::HungUp),
                },
                news = self.setup.snapshots.changed(), if beating => {
                    beating = news.is_ok();
                    let newest = self.setup.snapshots.borrow_and_update().clone();
                    newest.map_or_else(Vec::new, |snapshot| app.hear(snapshot, Utc::now()))
                }
                Some(news) = told.recv() => self.hear(news, app),
                () = screen.idle() => Vec::new(),
                () = tokio::time::sleep(tick.unwrap_or_default()), if tick.is_some() => {
                    app.tick(Utc::now());
                    Vec::new()
                }
            };
            for effect in effects {
                if self.carry_out(effect, app, screen)? {
                    return Ok(Ending::Quit);
                }
            }
        }
    }

    /// Takes an event and those that wait behind it.
    fn events(
        &mut self,
        first: Event,
        events: &mut Receiver<Event>,
        app: &mut App,
        screen: &mut Screen,
    ) -> anyhow::Result<Vec<Effect>> {
        let mut effects = Vec::new();
        let mut next = Some(first);
        for _ in 0..BEFORE_A_FRAME {
            let Some(event) = next.take() else { break };
            match event {
                Event::Key(key) if self.plain && key.kind == KeyEventKind::Press => {
                    self.plain = false;
                    screen.enter()?;
                    effects.push(Effect::Redraw);
                }
                Event::Resize(..) => {
                    screen.resize();
                    let (width, height) = screen.size();
                    effects.extend(app.handle(&Event::Resize(width, height), Utc::now()));
                }
                event => {
                    let asked = app.handle(&event, Utc::now());
                    let must_act =
                        asked.iter().any(|effect| !matches!(effect, Effect::Load(..) | Effect::Recall(_)));
                    effects.extend(asked);
                    if must_act {
                        break;
                    }
                }
            }
            next = events.try_recv().ok();
        }
        Ok(effects)
    }

    /// Carries out an effect; true ends the loop.
    fn carry_out(&mut self, effect: Effect, app: &mut App, screen: &mut Screen) -> anyhow::Result<bool> {
        match effect {
            Effect::Quit => return Ok(true),
            Effect::Request(request) => self.ask(request),
            Effect::Load(chart, stretch) => {
                self.read(move |record| {
                    let told = Told::read(record, stretch).map_err(|why| format!("{why:#}"));
                    News::Chart(chart, stretch, told)
                });
            }
            Effect::Recall(at) => self.recall(at),
            Effect::Copy(text) => screen.add(&clipboard::osc52(&text, std::env::var_os("TMUX").is_some())),
            Effect::Plain(text) => {
                screen.print(&format!("{text}\nAny key returns.\n"));
                self.plain = true;
            }
            Effect::Save(name, extension, text) => self.save(name, extension, text),
            Effect::ReadLog(trail) => self.read_log(trail),
            Effect::LookUp(addresses) => self.look_up(addresses),
            Effect::Mouse(on) => screen.mouse(on),
            Effect::Suspend => {
                screen.leave();
                // The whole group, as ^Z does where the terminal makes the signal: `cargo run` stops, too.
                kill_current_process_group(Signal::STOP).context("cannot stop")?;
                screen.enter()?;
                redraw(app, screen);
            }
            Effect::Redraw => redraw(app, screen),
            Effect::Accept(id, acceptance) => {
                let words =
                    format!("{id} is accepted: it stays visible and costs no points; u takes it back");
                self.keep(words, move |acceptances| acceptances.accept(&id, acceptance));
            }
            Effect::TakeBack(id) => {
                let words = format!("{id} counts again");
                self.keep(words, move |acceptances| acceptances.take_back(&id));
            }
            Effect::Pin(target) => {
                let Some(signals) = &self.setup.hands.signals else { return Ok(false) };
                let held = signals.pin(target.pid, target.start_ticks);
                let standing = held.as_ref().map(|held| held.standing()).map_err(|why| format!("{why:#}"));
                self.held = held.ok();
                app.pinned(target, standing, Utc::now());
            }
            Effect::Send(target, signal) => {
                let Some(held) = self.held.take() else { return Ok(false) };
                let who = format!("{} ({})", target.name, target.pid);
                let words = match held.send(signal) {
                    Ok(()) => format!("SIG{} was sent to {who}", signal.name()),
                    Err(why) => format!("SIG{} was not sent to {who}: {why:#}", signal.name()),
                };
                app.told(&words, Utc::now());
                self.ask(Request::MeasureNow);
            }
        }
        Ok(false)
    }

    /// Takes what others finished.
    fn hear(&self, news: News, app: &mut App) -> Vec<Effect> {
        match news {
            News::Chart(chart, stretch, answer) => app.remember(chart, stretch, answer),
            News::Moment(asked, answer) => {
                return app.recall(asked, answer.map(|found| found.map(|found| *found)), Utc::now());
            }
            News::Log(trail, told) => app.log_was_read(&trail, &told, Utc::now()),
            News::Name(address, name) => return app.named(address, name, Utc::now()),
            News::NoNames(why) => app.nobody_names(&why, Utc::now()),
            News::Done(words, shows) => {
                app.told(&words, Utc::now());
                if shows {
                    self.ask(Request::MeasureNow);
                }
            }
        }
        Vec::new()
    }
}

/// Reads the terminal in a task of its own. Only that task polls the stream: it remembers one waker, and a look
/// in passing would leave it with one that wakes nobody. The channel ends with the terminal.
fn keys() -> Receiver<Event> {
    let (tell, events) = channel(BEFORE_A_FRAME);
    tokio::spawn(async move {
        let mut stream = EventStream::new();
        while let Some(Ok(event)) = stream.next().await {
            if tell.send(event).await.is_err() {
                break;
            }
        }
    });
    events
}

fn redraw(app: &mut App, screen: &mut Screen) {
    screen.resize();
    let (width, height) = screen.size();
    app.resize(width, height);
}

//! What a screen asks the loop to do: it does nothing to the outside itself.

use crate::model::{Acceptance, FindingId, Request};
use crate::tui::hands::{Signal, Target};
use crate::tui::past::Stretch;
use crate::tui::trail::Trail;
use chrono::{DateTime, Utc};
use std::net::IpAddr;

/// What the loop has to do after an event.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Ask the heartbeat.
    Request(Request),
    /// Read a stretch of the record for a chart.
    Load(Chart, Stretch),
    /// Read a moment of the record.
    Recall(DateTime<Utc>),
    /// Put this on the clipboard.
    Copy(String),
    /// Keep that this risk was accepted.
    Accept(FindingId, Acceptance),
    /// Keep that it is accepted no more.
    TakeBack(FindingId),
    /// Hold this process and say what stands in the way.
    Pin(Target),
    /// Send a signal to the process that is held.
    Send(Target, Signal),
    /// Leave the full screen, print this, wait for a key.
    Plain(String),
    /// Write a new file: its name without extension, the extension, the text.
    Save(String, &'static str, String),
    /// Ask the journal for the log lines of a process.
    ReadLog(Box<Trail>),
    /// Ask for the names of these addresses.
    LookUp(Vec<IpAddr>),
    /// Turn the mouse on or off.
    Mouse(bool),
    /// Stop as `^Z` does.
    Suspend,
    /// Send the whole frame again.
    Redraw,
    /// End.
    Quit,
}

/// What a stretch of the record is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chart {
    /// The curve of the last 24 hours on Overview.
    Day,
    /// The page History.
    History,
}

//! home-soc: a personal SOC and performance monitor for one Linux machine.
//!
//! One heartbeat takes readings, judges them, and gives the same immutable snapshot to every listener; the
//! screen is one of them. This file is the map.

pub mod assess;
pub mod collect;
pub mod model;
pub mod outputs;
pub mod text;
pub mod tui;

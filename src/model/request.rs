//! What the person at the screen asks of the heartbeat.

use std::time::Duration;

/// A request to the engine; it is carried out before the next beat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request {
    /// Take a beat now.
    MeasureNow,
    /// Change the time between beats.
    Interval(Duration),
    /// Look again at blind sensors, then take a beat.
    CheckAgain,
    /// Somebody looks at the connections, or no longer: very many of them are read in every beat only then.
    WatchConnections(bool),
}

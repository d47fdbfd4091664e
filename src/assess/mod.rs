//! Judges: pure functions of readings and its own bounded memory. It reads no file and no clock.

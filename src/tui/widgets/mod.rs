//! The parts that pages are made of. None of them knows what it shows.

pub mod digits;
pub mod graph;
pub mod pen;
pub mod prose;
pub mod table;

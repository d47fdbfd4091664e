//! The vocabulary: everything that is known about the machine, as plain data.
//!
//! Units stand in the names, absent is `None`, and nothing here does I/O, reads a clock or knows a colour.

mod access;
mod clock;
mod exec;
mod finding;
mod history;
mod inventory;
mod logins;
mod moment;
mod oddity;
mod process;
mod readings;
mod request;
mod safe;
mod scan;
mod score;
mod sensor;
mod snapshot;
mod socket;
mod system;
mod zone_rules;

pub use access::{Attribution, AuthEvent, AuthKind, AuthReading, HourCounts, SignIns, Source, SourceState};
pub use clock::Zone;
pub use exec::{ExecEvent, ExecReading};
pub use finding::{
    Acceptance, Category, Confidence, Evidence, Finding, FindingId, Fix, Kind, Level, Status, fingerprint,
};
pub use history::{Column, Columns, History, Metric, Numbers, Sample, Span};
pub use inventory::{Command, Inventory, Module, Modules, PasswordLogins, Unit, UsbDevice};
pub use logins::{Login, LoginKind, Logins, Session};
pub use moment::moment;
pub use oddity::{HiddenProcess, Hiding, Oddities, PacketFamily, PacketSocket, TracedProcess};
pub use process::{Exe, Process, Program, Provenance};
pub use readings::{OwnCost, Readings, Timing};
pub use request::Request;
pub use safe::{LINE_CAP_BYTES, Safe};
pub use scan::{AfterFailures, ScanSource, ScanSummary, UnparsedLine};
pub use score::{Band, Deduction, Score};
pub use sensor::{Looked, Sensor, SensorState};
pub use snapshot::{Host, Snapshot};
pub use socket::{Connection, Listener, Owner, Protocol, Reach, Sockets, TcpState};
pub use system::{
    Cpu, Disk, Interface, Load, Memory, Paging, Pressure, PressureLine, Swap, System, Temperature,
};
pub use zone_rules::ZoneRules;

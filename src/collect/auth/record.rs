//! A record of the journal as `journalctl -o json` writes it, with the fields that only journald can set.
//!
//! Fields may be text, an array of bytes (not UTF-8), an array of values (repeated), or null (over 4 KiB without
//! `--all`). It does not run journalctl.

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// What is read of a record. Names that start with an underscore in the journal are trusted: journald sets them
/// itself, the sender cannot.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JournalRecord {
    /// `__CURSOR`: where it stands.
    pub cursor: Option<String>,
    /// `__REALTIME_TIMESTAMP`: microseconds since the epoch.
    pub realtime_us: Option<u64>,
    /// `MESSAGE`; empty when journalctl left it out.
    pub message: Vec<u8>,
    /// `SYSLOG_IDENTIFIER`: who the sender says it is.
    pub identifier: Option<String>,
    /// `SYSLOG_PID`: the process that the sender says it is.
    pub syslog_pid: Option<u32>,
    /// `_COMM`: the program that sent it, at most 15 bytes.
    pub comm: Option<String>,
    /// `_EXE`: its file.
    pub exe: Option<String>,
    /// `_UID`: its user.
    pub uid: Option<u32>,
    /// `_PID`: its process.
    pub pid: Option<u32>,
    /// `_HOSTNAME`.
    pub host: Option<String>,
    /// `_TRANSPORT`: `syslog`, `journal`, `stdout`, `kernel`, ...
    pub transport: Option<String>,
    /// `_SYSTEMD_UNIT`.
    pub unit: Option<String>,
    /// `MESSAGE_ID`.
    pub message_id: Option<String>,
    /// `SESSION_ID` of logind.
    pub session_id: Option<String>,
    /// `USER_ID` of logind: a name.
    pub user_id: Option<String>,
    /// `LEADER` of logind's session.
    pub leader: Option<u32>,
}

impl JournalRecord {
    /// Reads one line of `journalctl -o json`; `None` when it is no JSON object.
    pub fn parse(line: &[u8]) -> Option<Self> {
        serde_json::from_slice(line).ok()
    }

    /// True when journalctl left the message out for its length: ask again with `--all`.
    pub fn is_cut(&self) -> bool {
        self.message.is_empty()
    }
}

/// A field's value in any of its four shapes.
struct Value(Option<Vec<u8>>);

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Shapes;
        impl<'de> Visitor<'de> for Shapes {
            type Value = Value;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text, an array or null")
            }
            fn visit_str<E>(self, text: &str) -> Result<Value, E> {
                Ok(Value(Some(text.as_bytes().to_vec())))
            }
            fn visit_unit<E>(self) -> Result<Value, E> {
                Ok(Value(None))
            }
            fn visit_bool<E>(self, _: bool) -> Result<Value, E> {
                Ok(Value(None))
            }
            fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
                Ok(Value(Some(number.to_string().into_bytes())))
            }
            fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
                Ok(Value(Some(number.to_string().into_bytes())))
            }
            fn visit_f64<E>(self, _: f64) -> Result<Value, E> {
                Ok(Value(None))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Value(None))
            }
            /// Numbers are bytes; anything else is a repeated field, of which the first counts.
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
                let mut bytes = Vec::new();
                let mut first = None;
                while let Some(item) = seq.next_element::<Item>()? {
                    match item {
                        Item::Byte(byte) => bytes.push(byte),
                        Item::Text(text) => {
                            first.get_or_insert(text);
                        }
                        Item::Other => {}
                    }
                }
                Ok(Value(first.or((!bytes.is_empty()).then_some(bytes))))
            }
        }
        deserializer.deserialize_any(Shapes)
    }
}

enum Item {
    Byte(u8),
    Text(Vec<u8>),
    Other,
}

impl<'de> Deserialize<'de> for Item {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Shapes;
        impl<'de> Visitor<'de> for Shapes {
            type Value = Item;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a byte or text")
            }
            fn visit_u64<E>(self, number: u64) -> Result<Item, E> {
                Ok(u8::try_from(number).map_or(Item::Other, Item::Byte))
            }
            fn visit_i64<E>(self, _: i64) -> Result<Item, E> {
                Ok(Item::Other)
            }
            fn visit_f64<E>(self, _: f64) -> Result<Item, E> {
                Ok(Item::Other)
            }
            fn visit_bool<E>(self, _: bool) -> Result<Item, E> {
                Ok(Item::Other)
            }
            fn visit_str<E>(self, text: &str) -> Result<Item, E> {
                Ok(Item::Text(text.as_bytes().to_vec()))
            }
            fn visit_unit<E>(self) -> Result<Item, E> {
                Ok(Item::Other)
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Item, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Item::Other)
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Item, A::Error> {
                let mut bytes = Vec::new();
                while let Some(item) = seq.next_element::<Item>()? {
                    if let Item::Byte(byte) = item {
                        bytes.push(byte);
                    }
                }
                Ok(Item::Text(bytes))
            }
        }
        deserializer.deserialize_any(Shapes)
    }
}

impl<'de> Deserialize<'de> for JournalRecord {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = JournalRecord;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a journal record")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<JournalRecord, A::Error> {
                let mut record = JournalRecord::default();
                while let Some(name) = map.next_key::<std::borrow::Cow<'_, str>>()? {
                    let field = &*name;
                    let wanted = matches!(
                        field,
                        "__CURSOR"
                            | "__REALTIME_TIMESTAMP"
                            | "MESSAGE"
                            | "SYSLOG_IDENTIFIER"
                            | "SYSLOG_PID"
                            | "_COMM"
                            | "_EXE"
                            | "_UID"
                            | "_PID"
                            | "_HOSTNAME"
                            | "_TRANSPORT"
                            | "_SYSTEMD_UNIT"
                            | "MESSAGE_ID"
                            | "SESSION_ID"
                            | "USER_ID"
                            | "LEADER"
                    );
                    if !wanted {
                        map.next_value::<IgnoredAny>()?;
                        continue;
                    }
                    let field = field.to_owned();
                    if let Value(Some(value)) = map.next_value()? {
                        record.set(&field, value);
                    }
                }
                Ok(record)
            }
        }
        deserializer.deserialize_map(Fields)
    }
}

impl JournalRecord {
    fn set(&mut self, field: &str, value: Vec<u8>) {
        if field == "MESSAGE" {
            self.message = value;
            return;
        }
        let text = String::from_utf8_lossy(&value).into_owned();
        let small = || text.parse().ok();
        match field {
            "__CURSOR" => self.cursor = Some(text),
            "__REALTIME_TIMESTAMP" => self.realtime_us = text.parse().ok(),
            "SYSLOG_IDENTIFIER" => self.identifier = Some(text),
            "SYSLOG_PID" => self.syslog_pid = small(),
            "_COMM" => self.comm = Some(text),
            "_EXE" => self.exe = Some(text),
            "_UID" => self.uid = small(),
            "_PID" => self.pid = small(),
            "_HOSTNAME" => self.host = Some(text),
            "_TRANSPORT" => self.transport = Some(text),
            "_SYSTEMD_UNIT" => self.unit = Some(text),
            "MESSAGE_ID" => self.message_id = Some(text),
            "SESSION_ID" => self.session_id = Some(text),
            "USER_ID" => self.user_id = Some(text),
            "LEADER" => self.leader = small(),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_of_a_field_is_read() {
        let line = br#"{"__CURSOR":"s=1","__REALTIME_TIMESTAMP":"1700000000000001","MESSAGE":[70,97,255],"_UID":"0",
            "_PID":12,"_COMM":["sshd","x"],"_EXE":null,"SYSLOG_IDENTIFIER":"a\u0000b","X":{"y":[1]},"LEADER":"77"}"#;
        let record = JournalRecord::parse(line).unwrap();
        assert_eq!(record.message, b"Fa\xff");
        assert_eq!(record.realtime_us, Some(1_700_000_000_000_001));
        assert_eq!((record.uid, record.pid, record.leader), (Some(0), Some(12), Some(77)));
        assert_eq!(record.comm.as_deref(), Some("sshd"));
        assert_eq!(record.exe, None);
        assert_eq!(record.identifier.as_deref(), Some("a\0b"));
        assert_eq!(JournalRecord::parse(b"[1]"), None);
        assert_eq!(JournalRecord::parse(b"not json"), None);
    }
}

//! The pages of the network: connections, doors, raw packets, talks. They hold words only.

use super::PLAIN;
use crate::assess::rules::{Name, Rule};
use crate::model::{Category, Level};

pub(super) const PAGES: [Rule; 4] = [
    Rule {
        name: Name::Connections,
        id: "HS-NET-001",
        title: "more connections than usual",
        category: Category::Network,
        what: "There are more established connections than this machine has on other days.",
        why: "A jump can be a busy evening, a flood, or a program that talks to many strangers.",
        proof: "The kernel's count of established connections beside the range of the last seven days.",
        harmless_if: "A browser, a torrent client or a server is simply busy.",
        r#do: "Look at the Network tab, grouped by program: one program will have most of them.",
        attack: &["T1071"],
        references: &["https://attack.mitre.org/techniques/T1071/"],
        passed: "connections are as many as usual",
        ..PLAIN
    },
    Rule {
        name: Name::Listener,
        id: "HS-NET-002",
        title: "a door that stood not open before",
        level: Level::Warning,
        category: Category::Network,
        what: "A program listens on a port on which it was not seen listening before, or a service without a \
               password is reachable by every network.",
        why: "A back door is a program that waits for a call. A service without a password is an open door, too.",
        proof: "The kernel's list of listening sockets, with the owner where that can be seen.",
        harmless_if: "You started it: a development server, a game, a new service. Then accept it.",
        r#do: "If only this machine needs it, bind it to 127.0.0.1; if you do not know the program, look at its file \
               before you stop it.",
        attack: &["T1571", "T1133"],
        references: &["https://attack.mitre.org/techniques/T1571/"],
        passed: "no new door is open",
        ..PLAIN
    },
    Rule {
        name: Name::PacketSocket,
        id: "HS-NET-003",
        title: "a program sees or makes raw packets",
        level: Level::Warning,
        category: Category::Process,
        what: "A program holds a packet or raw socket: it sees what passes by, or makes packets of its own.",
        why: "Passwords can be listened for, and some back doors wait for a magic packet without any open port.",
        proof: "The kernel's tables of packet and raw sockets, with the owner where that can be seen.",
        harmless_if: "It is a network tool that you started, or a service that needs it, such as a DHCP client.",
        r#do: "If you do not know the program: look at its file and at what started it.",
        attack: &["T1040", "T1205.002"],
        references: &["https://attack.mitre.org/techniques/T1040/", "man 7 packet"],
        passed: "no unknown program sees raw packets",
        ..PLAIN
    },
    Rule {
        name: Name::Talk,
        id: "HS-NET-004",
        title: "a program talks to a port for the first time",
        category: Category::Network,
        what: "A program has called a port on another machine that it was not seen calling before. A program from a \
               temporary or hidden folder is a warning, whichever port it calls.",
        why: "Who has broken in calls home, mostly from a program that never did so and to a port of its own choice.",
        proof: "The connection with its other end, and the program that holds it.",
        harmless_if: "You use the program in a new way: another database, another server of yours.",
        r#do: "Look at where the other end is, and at what started the program.",
        attack: &["T1071", "T1571"],
        references: &["https://attack.mitre.org/techniques/T1571/"],
        passed: "programs talk to the ports that they always do",
        ..PLAIN
    },
];

//! Writes a channel's table from a person's answers. It asks for no secret: it says where to put it.

use super::channel::Name;
use anyhow::Result;

/// Asks one question with its usual answer; answers what was said.
pub type Ask<'a> = &'a mut dyn FnMut(&str, &str) -> Result<String>;

/// Asks for a channel's settings and writes its table with comments.
///
/// # Errors
/// When asking fails.
pub fn setup(channel: Name, ask: Ask<'_>) -> Result<String> {
    let mut table = Table::new(channel);
    match channel {
        Name::Telegram => {
            table.note("Write to @BotFather for a bot and its token, then write one word to your bot.");
            table.note("The number of your chat: @userinfobot tells it.");
            table.ask(ask, "chat", "Number of the chat", "")?;
            table.secret(ask, "token_file", "File with the bot's token", "telegram.token")?;
        }
        Name::Email => {
            table.ask(ask, "host", "Mail server", "")?;
            table.note(
                "starttls is required and never left out (port 587); implicit is TLS at once (port 465).",
            );
            table.ask(ask, "tls", "TLS: starttls or implicit", "starttls")?;
            table.ask(ask, "from", "From", "")?;
            let to = ask("To", "")?;
            table.line("to", &format!("[{}]", quoted(&to)));
            let user = ask("User at the mail server, empty for none", "")?;
            if !user.is_empty() {
                table.line("user", &quoted(&user));
                table.secret(ask, "password_file", "File with the password", "mail.password")?;
            }
        }
        Name::Webhook => {
            table.note("Who knows the address can write to it: it stands in a file.");
            table.secret(ask, "url_file", "File with the address", "webhook.url")?;
        }
        Name::Ntfy => {
            table.ask(ask, "base_url", "Server", "https://ntfy.sh")?;
            table.note("Who knows the topic of a public server can read it: take a long random one.");
            table.secret(ask, "topic_file", "File with the topic", "ntfy.topic")?;
        }
        Name::Gotify => {
            table.ask(ask, "base_url", "Server", "")?;
            table.secret(ask, "token_file", "File with the application's token", "gotify.token")?;
        }
        Name::Command => {
            table.note("It gets the message as JSON on its standard input.");
            let program = ask("Program, by its full path", "/usr/local/bin/on-alert")?;
            table.line("argv", &format!("[{}]", quoted(&program)));
        }
        Name::Ping => {
            table.note(
                "It is called once a day while the heart beats, so that somebody notices when it stops.",
            );
            table.secret(ask, "url_file", "File with the address", "ping.url")?;
        }
    }
    Ok(table.text)
}

/// A table that is being written.
struct Table {
    channel: Name,
    text: String,
}

impl Table {
    fn new(channel: Name) -> Self {
        let text =
            format!("\n# To see whether it arrives: home-soc notify test {channel}\n[notify.{channel}]\n");
        Self { channel, text }
    }

    fn note(&mut self, words: &str) {
        self.text.push_str(&format!("# {words}\n"));
    }

    fn line(&mut self, key: &str, value: &str) {
        self.text.push_str(&format!("{key} = {value}\n"));
    }

    fn ask(&mut self, ask: Ask<'_>, key: &str, question: &str, usual: &str) -> Result<()> {
        let answer = ask(question, usual)?;
        self.line(key, &quoted(&answer));
        Ok(())
    }

    fn secret(&mut self, ask: Ask<'_>, key: &str, question: &str, file: &str) -> Result<()> {
        let path = ask(question, &format!("/etc/home-soc/{file}"))?;
        self.note("Put it there so that nobody else can read it:");
        self.note(&format!("  install -m 600 /dev/null {path} && cat > {path}"));
        let variable = format!("HOME_SOC_{}", self.channel.as_str().to_uppercase());
        self.note(&format!("or in a variable: {} = \"{variable}\"", key.replace("_file", "_env")));
        self.line(key, &quoted(&path));
        Ok(())
    }
}

/// Text as a TOML string.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outputs::notify::Settings;

    #[derive(serde::Deserialize)]
    struct Written {
        notify: Settings,
    }

    #[test]
    fn what_setup_writes_is_a_configuration_that_is_in_order() {
        for channel in Name::ALL {
            let mut answer = |question: &str, usual: &str| {
                Ok(match question {
                    "Number of the chat" => "-100123".to_owned(),
                    "Mail server" => "mail.example.org".to_owned(),
                    "From" | "To" => "nas@example.org".to_owned(),
                    "User at the mail server, empty for none" => "a \"quoted\" user".to_owned(),
                    "Server" if usual.is_empty() => "https://gotify.example.org".to_owned(),
                    _ => usual.to_owned(),
                })
            };
            let text = setup(channel, &mut answer).unwrap();
            let written: Written = toml::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
            assert_eq!(written.notify.names(), [channel]);
            assert_eq!(written.notify.check(), Ok(()), "{text}");
            assert!(text.contains('#'), "{text}");
        }
    }
}

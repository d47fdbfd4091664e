//! A configuration file: what is wrong is said with its line, what is right can be written and read again.

use home_soc::config::Config;

/// Parses `data` as TOML.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match Config::parse(text) {
        Ok(config) => {
            assert!((0.05..=86_400.0).contains(&config.interval_s));
            let written = toml::to_string(&config).unwrap();
            assert_eq!(Config::parse(&written).as_ref(), Ok(&config), "written and read again");
        }
        Err((line, message)) => {
            assert!((1..=text.split('\n').count()).contains(&line), "line {line} does not exist: {message}");
            assert!(!message.is_empty(), "wrong without a word");
        }
    }
}

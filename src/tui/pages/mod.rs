//! The tabs' contents, one file each.

pub mod auth;
pub mod events;
pub mod findings;
pub mod history;
pub mod logins;
pub mod machine;
pub mod network;
pub mod overview;
pub mod processes;
pub mod split;
pub mod unseen;

use super::page::Page;
use super::theme::nearest;

/// A page for each tab, in their order.
pub fn all() -> [Box<dyn Page>; 7] {
    [
        Box::new(overview::Overview::default()),
        Box::new(processes::Processes::default()),
        Box::new(network::Network::default()),
        Box::new(auth::Auth::default()),
        Box::new(logins::Logins::default()),
        Box::new(history::History::default()),
        Box::new(findings::Findings::default()),
    ]
}

/// Tells whether these are columns that can be hidden.
///
/// # Errors
/// One is not, and the nearest that is.
pub fn known_columns(named: &[String]) -> Result<(), String> {
    let known: Vec<&'static str> = all().iter().flat_map(|page| page.columns()).collect();
    match named.iter().find(|name| !known.contains(&name.as_str())) {
        Some(wrong) => {
            let meant = nearest(wrong, &known);
            Err(format!(
                "screen.hidden_columns: no column to hide is called `{wrong}`; did you mean `{meant}`?"
            ))
        }
        None => Ok(()),
    }
}

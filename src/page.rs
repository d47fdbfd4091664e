//! The web page as a mode of the program: alone over a record, or beside the monitor, and what is said of it.

use crate::cli::Options;
use crate::config::Config;
use crate::modes::{ended_by_signal, print, runtime};
use crate::{Failure, exit, web};
use std::process::ExitCode;

/// Serves the page alone, over the record, until a signal ends it.
pub(crate) fn serve(config: &Config, options: &Options) -> Result<ExitCode, Failure> {
    let page =
        web::Page::open(&place(config, options.web.flatten())?, &config.web, config.data_dir_here(), false)?;
    if let Some(trouble) = page.trouble() {
        return Err(Failure { code: exit::IO, error: anyhow::anyhow!(trouble) });
    }
    print(words(&page).as_bytes())?;
    runtime()?.block_on(ended_by_signal())?;
    Ok(ExitCode::SUCCESS)
}

/// Where the page is wanted beside the monitor, if it is.
pub(crate) fn beside(config: &Config, options: &Options) -> Result<Option<web::Place>, Failure> {
    options.web.map(|asked| place(config, asked)).transpose()
}

fn place(config: &Config, asked: Option<std::net::SocketAddr>) -> Result<web::Place, Failure> {
    Ok(web::Place::choose(asked, &config.web, |name| std::env::var(name).ok())?)
}

/// The page's address for the screen, or why there is none.
pub(crate) fn notice(page: &web::Page) -> String {
    let none = || page.trouble().unwrap_or_else(|| "the web page does not answer yet".to_owned());
    page.address().map_or_else(none, |address| format!("web page: {address}"))
}

/// What stdout says of the page. A log is no place for its token.
pub(crate) fn words(page: &web::Page) -> String {
    let Some(listens) = page.listens_on() else { return format!("{}\n", notice(page)) };
    let address = if std::env::var_os("JOURNAL_STREAM").is_some() {
        format!(
            "web page: http://{listens}/ (its token is not written to a log: keep one with web.token_file)"
        )
    } else {
        notice(page)
    };
    let port = listens.port();
    let tunnel = format!("from another machine: ssh -L {port}:{listens} HOST, then the same address there\n");
    let tunnel = if listens.ip().is_loopback() { tunnel } else { String::new() };
    format!("{address}\n{tunnel}{}\n", page.held().unwrap_or_default())
}

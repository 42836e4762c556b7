//! Logs: readable on a terminal, JSON lines otherwise, always on standard error.
//!
//! **Invariant:** no secret is ever a log field, whatever the filter; a test looks for one at `trace`.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// Parts of libraries whose finest lines hold what clients sent.
const CAPPED: [&str; 1] = ["tower_http::csrf=info"];

/// Starts logging for the process.
///
/// # Errors
/// When `filter` is no tracing filter.
pub fn start(filter: &str) -> Result<(), tracing_subscriber::filter::ParseError> {
    let filter = EnvFilter::builder().parse(filter)?;
    let filter = CAPPED.iter().try_fold(filter, |filter, directive| {
        Ok::<_, tracing_subscriber::filter::ParseError>(filter.add_directive(directive.parse()?))
    })?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if std::io::stderr().is_terminal() {
        builder.init();
    } else {
        builder.json().init();
    }
    Ok(())
}

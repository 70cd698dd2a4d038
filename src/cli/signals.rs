//! Ctrl-C, SIGTERM and a terminal that goes away: the first asks for a clean end, the second ends at once.

use anyhow::Context;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// A flag that the first signal sets; the second one does what it would have done without us.
pub(super) fn stop() -> anyhow::Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    // Set by the first signal only: the flag itself is also set when the run ends for another reason.
    let again = Arc::new(AtomicBool::new(false));
    let hangup = hangup_would_end_it().then_some(SIGHUP);
    for signal in [SIGINT, SIGTERM].into_iter().chain(hangup) {
        // In this order: what is registered first is done first.
        flag::register_conditional_default(signal, Arc::clone(&again))
            .and_then(|_| flag::register(signal, Arc::clone(&again)))
            .and_then(|_| flag::register(signal, Arc::clone(&stop)))
            .context("the signals cannot be caught")?;
    }
    Ok(stop)
}

/// Whether a SIGHUP would end the program. One that was started by nohup has to outlive its terminal; where that cannot be told,
/// SIGHUP keeps what it does.
fn hangup_would_end_it() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    // Signal n is bit n - 1 (proc(5)).
    ignored.is_some_and(|mask| mask & (1 << (SIGHUP - 1)) == 0)
}

//! Ctrl-C and SIGTERM: the first asks for a clean end, the second ends at once.

use anyhow::Context;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// A flag that the first signal sets; the second one does what it would have done without us.
pub(super) fn stop() -> anyhow::Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    // Set by the first signal only: the flag itself is also set when the run ends for another reason.
    let again = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        // In this order: what is registered first is done first.
        flag::register_conditional_default(signal, Arc::clone(&again))
            .and_then(|_| flag::register(signal, Arc::clone(&again)))
            .and_then(|_| flag::register(signal, Arc::clone(&stop)))
            .context("the signals cannot be caught")?;
    }
    Ok(stop)
}

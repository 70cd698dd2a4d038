//! `cargo bench --bench layers`: how fast each layer is by itself, on material that is made here.
//!
//! One file a layer. Each measures through the library's own face what a worker does with it, and prints frames, segments or rows (elements) or bytes
//! a second. For a change to one layer; what the whole program takes beside others is `make bench`'s to say.

mod analyzer;
mod capture;
#[allow(dead_code, reason = "the comparison knows more shapes")]
#[path = "../compare/captures.rs"]
mod captures;
mod coding;
mod decode;
mod http;
mod material;
mod sse;
mod stack;
mod tcp;
mod timeline;

use criterion::Criterion;
use std::time::Duration;

fn main() {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .sample_size(20)
        .configure_from_args();
    capture::measure(&mut criterion);
    decode::measure(&mut criterion);
    tcp::measure(&mut criterion);
    http::measure(&mut criterion);
    coding::measure(&mut criterion);
    sse::measure(&mut criterion);
    timeline::measure(&mut criterion);
    analyzer::measure(&mut criterion);
    criterion.final_summary();
}

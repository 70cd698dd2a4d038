//! Any bytes as a capture file: never a panic, never more memory than the caps.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ssetrace::capture::Capture;
use ssetrace_fuzz::Run;
use std::io::Cursor;

fuzz_target!(|bytes: &[u8]| {
    let Ok(mut capture) = Capture::from_reader("fuzz", Cursor::new(bytes.to_vec())) else {
        return;
    };
    let mut run = Run::default();
    while let Ok(Some(frame)) = capture.next() {
        run.frame(&frame);
    }
    run.finish();
});

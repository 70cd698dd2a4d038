//! The program: parse what was typed, run it, exit with its status.

/// A session is some dozens of small allocations and a few large ones; in a capture of short connections the system's allocator was half
/// of the time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    ssetrace::cli::main()
}

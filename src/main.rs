//! The program: parse what was typed, run it, exit with its status.
fn main() -> std::process::ExitCode {
    ssetrace::cli::main()
}

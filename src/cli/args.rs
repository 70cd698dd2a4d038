//! What can be typed.

use crate::analyzer::Connections;
use crate::capture::save::Ring;
use crate::model::Severity;
use crate::report::{Format, TimeFormat, View};
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

/// Sees Server-Sent Events on the wire: annotates a packet capture frame by frame.
#[derive(Debug, Parser)]
#[command(version, about, max_term_width = 100, args_override_self = true)]
#[command(after_help = "Examples:
  ssetrace analyze capture.pcapng
  ssetrace analyze capture.pcapng --view events    the quiet view: events without the ACKs
  sudo ssetrace live -i lo -f 'tcp port 8080'      beside `curl -N http://localhost:8080/events`
  sudo ssetrace live --view events                 the quiet view of a live run
  tcpdump -U -i lo -w - 'tcp port 8080' | ssetrace analyze -")]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Annotate saved captures (pcap or pcapng, also compressed with gzip, zstd or lz4)
    Analyze(Analyze),
    /// Capture on interfaces and annotate frames as they arrive; Ctrl-C ends it with the summary
    Live(Live),
    /// List the interfaces that one can capture on
    Interfaces,
    /// Print what a shell needs to complete ssetrace's options: `source <(ssetrace completions bash)`
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print a page of the manual: `ssetrace man live | man -l -`
    Man {
        /// The command [default: all of ssetrace]
        command: Option<String>,
    },
}

#[derive(Debug, Args)]
pub(super) struct Analyze {
    /// Captures, each in turn (or as one, with --merge); `-` reads standard input
    #[arg(required = true, value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
    /// The capture is still being written: rows as they come, until Ctrl-C
    #[arg(long)]
    pub(super) follow: bool,
    /// Several captures as one, by time, as mergecap would write them: frames are numbered anew
    #[arg(long, conflicts_with = "follow")]
    pub(super) merge: bool,
    /// Worker threads, at most one for each 48MB of --memory; the output is the same whatever their number [default: the machine's cores]
    #[arg(long, value_name = "N", value_parser = jobs, allow_negative_numbers = true)]
    pub(super) jobs: Option<NonZeroUsize>,
    #[command(flatten)]
    pub(super) shared: Shared,
}

#[derive(Debug, Args)]
pub(super) struct Live {
    /// An interface, or `any` on Linux; may be given several times [default: the loopback interface]
    #[arg(short, long = "interface", value_name = "IFACE")]
    pub(super) interfaces: Vec<String>,
    /// Save all frames there: pcap where the name ends so, else pcapng; `-` is standard output
    #[arg(long, value_name = "FILE")]
    pub(super) write: Option<PathBuf>,
    /// Save to so many files of this size in turn, the newest over the oldest
    #[arg(long, value_name = "10x100MB", requires = "write", value_parser = ring)]
    pub(super) ring: Option<Ring>,
    /// End after so many frames
    #[arg(long, value_name = "N", value_parser = count, allow_negative_numbers = true)]
    pub(super) count: Option<u64>,
    /// End after so long: 10s, 5min, 1h30m
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(super) duration: Option<Duration>,
    /// Capture so many bytes of each frame; events in what is cut off are not seen
    #[arg(long, value_name = "BYTES", default_value_t = 262_144, value_parser = snaplen)]
    pub(super) snaplen: u32,
    /// The kernel's buffer for each interface: what arrives faster than it is read waits there
    #[arg(long, value_name = "SIZE", default_value = "32MiB", value_parser = buffer)]
    pub(super) buffer_size: u32,
    /// Capture frames for other machines too
    #[arg(long)]
    pub(super) promiscuous: bool,
    /// Keep the rights of root, which are given up before the first frame is parsed
    #[arg(long)]
    pub(super) no_drop: bool,
    #[command(flatten)]
    pub(super) shared: Shared,
}

#[derive(Debug, Args)]
pub(super) struct Shared {
    /// Memory to stay within; connections that were silent longest are given up for it [default: 1GiB]
    #[arg(long, value_name = "SIZE", value_parser = memory)]
    pub(super) memory: Option<usize>,
    /// What to show: every frame, a line for each session, or the decoded events (the quiet view)
    #[arg(long, value_enum, default_value_t = ViewName::Timeline)]
    pub(super) view: ViewName,
    /// How it is written
    #[arg(long, value_enum, default_value_t = FormatName::Table)]
    pub(super) format: FormatName,
    /// Write there instead of standard output (`-`)
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// Only frames that match, in libpcap's filter syntax
    #[arg(short, long, value_name = "BPF")]
    pub(super) filter: Option<String>,
    /// Which TCP connections: those with an SSE session, every one, or these numbers
    #[arg(long, value_name = "sse|all|N[,N]", default_value = "sse", value_parser = connections, allow_negative_numbers = true)]
    pub(super) connections: Connections,
    /// What the Time column says
    #[arg(long, value_enum, default_value_t = TimeName::Relative)]
    pub(super) time: TimeName,
    /// Rows of one timeline above which routine rows are folded, but in `live`; 0 never folds [default: 60 on a terminal, else 0]
    #[arg(long, value_name = "N", value_parser = number, allow_negative_numbers = true)]
    pub(super) max_rows: Option<usize>,
    /// Columns of a table; 0 never wraps or cuts [default: the terminal's, else 0]
    #[arg(long, value_name = "N", value_parser = columns, allow_negative_numbers = true)]
    pub(super) width: Option<usize>,
    /// Colours
    #[arg(long, value_enum, default_value_t = Color::Auto)]
    pub(super) color: Color,
    /// Show the values of credentials in requests
    #[arg(long)]
    pub(super) show_secrets: bool,
    /// Exit with status 1 when there is a finding as bad as this
    #[arg(long, value_enum, value_name = "SEVERITY")]
    pub(super) fail_on: Option<SeverityName>,
    /// No notes and no legend
    #[arg(short, long)]
    pub(super) quiet: bool,
    /// More notes: what was read, and what could not be
    #[arg(short, long, conflicts_with = "quiet")]
    pub(super) verbose: bool,
}

/// Columns of a table: as many as a terminal can say that it has.
fn columns(text: &str) -> Result<usize, String> {
    text.parse::<u16>()
        .map(usize::from)
        .map_err(|_| format!("it is a number, 0 to {}", u16::MAX))
}

/// A number of rows.
fn number(text: &str) -> Result<usize, String> {
    text.parse()
        .map_err(|_| "it is a number, 0 or more".to_owned())
}

/// A number of frames.
fn count(text: &str) -> Result<u64, String> {
    let count = text.parse().ok().filter(|count| *count > 0);
    count.ok_or_else(|| "it is a number, 1 or more".to_owned())
}

/// Bytes of a frame: those of the headers at least, and at most what libpcap knows.
fn snaplen(text: &str) -> Result<u32, String> {
    let bytes = text.parse().ok();
    let bytes = bytes.filter(|bytes| (64..=262_144).contains(bytes));
    bytes.ok_or_else(|| "it is a number of bytes, 64 to 262144".to_owned())
}

/// A number of threads.
fn jobs(text: &str) -> Result<NonZeroUsize, String> {
    text.parse()
        .map_err(|_| "it is a number of threads, 1 or more".to_owned())
}

/// `sse`, `all`, or numbers with commas.
fn connections(text: &str) -> Result<Connections, String> {
    match text {
        "sse" => Ok(Connections::Sse),
        "all" => Ok(Connections::All),
        _ => text
            .split(',')
            .map(|number| number.trim().parse())
            .collect::<Result<Vec<u32>, _>>()
            .map(Connections::Only)
            .map_err(|_| {
                "it is `sse`, `all`, or connection numbers with commas, such as 0,3".to_owned()
            }),
    }
}

/// `10x100MB`.
fn ring(text: &str) -> Result<Ring, String> {
    let (files, bytes) = text
        .split_once('x')
        .ok_or("it is a number of files, `x` and a size, such as 10x100MB")?;
    let files = files
        .parse()
        .map_err(|_| format!("\"{files}\" is no number of files"))?;
    Ring::new(files, size(bytes)?)
}

/// A cap that leaves room for the connections of a quiet network.
fn memory(text: &str) -> Result<usize, String> {
    let bytes = usize::try_from(size(text)?).unwrap_or(usize::MAX);
    if bytes < 1_000_000 {
        return Err("it is at least 1MB".to_owned());
    }
    Ok(bytes)
}

/// A buffer's size: what libpcap can ask for.
fn buffer(text: &str) -> Result<u32, String> {
    let bytes = size(text)?;
    match u32::try_from(bytes) {
        Ok(bytes) if (64 * 1024..=1 << 30).contains(&bytes) => Ok(bytes),
        _ => Err("it is between 64KiB and 1GiB".to_owned()),
    }
}

/// `65536`, `100MB` (100,000,000 bytes), `2MiB` (2,097,152 bytes).
fn size(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let factor: u64 = match &text[digits.len()..] {
        "" | "B" => 1,
        "k" | "K" | "kB" | "KB" => 1_000,
        "M" | "MB" => 1_000_000,
        "G" | "GB" => 1_000_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        unit => {
            return Err(format!(
                "\"{unit}\" is no unit; there are KB, MB, GB, KiB, MiB, GiB"
            ));
        }
    };
    digits
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_mul(factor))
        .ok_or_else(|| format!("\"{text}\" is no size, such as 100MB or 2MiB"))
}

/// `10s`, `1h30m`; a number alone is seconds.
fn duration(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().map(Duration::from_secs);
    let friendly = || {
        let duration: jiff::SignedDuration = text.parse().ok()?;
        Duration::try_from(duration).ok()
    };
    seconds
        .or_else(friendly)
        .filter(|duration| !duration.is_zero())
        .ok_or_else(|| "it is a time such as 10s, 5min or 1h30m".to_owned())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// A value of the command line for each variant of a report's option.
macro_rules! names {
    ($name:ident => $target:ident { $($variant:ident $help:literal),+ $(,)? }) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
        pub(super) enum $name { $(#[doc = $help] $variant),+ }

        impl From<$name> for $target {
            fn from(name: $name) -> $target {
                match name { $($name::$variant => $target::$variant),+ }
            }
        }
    };
}

names!(ViewName => View {
    Timeline "The numbered frames",
    Sessions "A line for each session",
    Events "The decoded events",
});

names!(FormatName => Format {
    Table "For people",
    Jsonl "One JSON object a line",
    Json "One JSON document",
    Csv "Comma-separated values",
    Markdown "Tables in GitHub's Markdown",
    Raw "The events' data alone, with --view events",
});

names!(SeverityName => Severity {
    Note "Any finding",
    Warning "A warning or an error",
    Error "An error",
});

names!(TimeName => TimeFormat {
    Relative "Seconds since the capture's first frame",
    Delta "Seconds since the row before",
    Utc "Date and time in UTC",
    Local "Date and time here",
    Epoch "Seconds since 1970",
});

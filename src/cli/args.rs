//! What can be typed.

use crate::analyzer::Connections;
use crate::report::{Format, TimeFormat, View};
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::num::NonZeroUsize;
use std::path::PathBuf;

/// Sees Server-Sent Events on the wire: annotates a packet capture frame by frame.
#[derive(Debug, Parser)]
#[command(version, about, max_term_width = 100)]
#[command(after_help = "Examples:
  ssetrace analyze capture.pcapng
  ssetrace analyze capture.pcapng --view events     the quiet view: events without the ACKs between them
  tcpdump -i lo -w - 'tcp port 8080' | ssetrace analyze -")]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Annotate saved captures (pcap or pcapng, also compressed with gzip, zstd or lz4)
    Analyze(Analyze),
}

#[derive(Debug, Args)]
pub(super) struct Analyze {
    /// Captures, each in turn; `-` reads standard input
    #[arg(required = true, value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
    /// Worker threads; the output is the same whatever their number [default: the machine's cores]
    #[arg(long, value_name = "N")]
    pub(super) jobs: Option<NonZeroUsize>,
    #[command(flatten)]
    pub(super) shared: Shared,
}

#[derive(Debug, Args)]
pub(super) struct Shared {
    /// What to show: every frame, a line for each session, or the decoded events (the quiet view)
    #[arg(long, value_enum, default_value_t = ViewName::Timeline)]
    pub(super) view: ViewName,
    /// How it is written
    #[arg(long, value_enum, default_value_t = FormatName::Table)]
    pub(super) format: FormatName,
    /// Write there instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// Only frames that match, in libpcap's filter syntax
    #[arg(short, long, value_name = "BPF")]
    pub(super) filter: Option<String>,
    /// Which TCP connections: those with an SSE session, every one, or these numbers
    #[arg(long, value_name = "sse|all|N[,N]", default_value = "sse", value_parser = connections)]
    pub(super) connections: Connections,
    /// What the Time column says
    #[arg(long, value_enum, default_value_t = TimeName::Relative)]
    pub(super) time: TimeName,
    /// Rows of one timeline above which routine rows are folded; 0 never folds [default: 60 on a terminal, else 0]
    #[arg(long, value_name = "N")]
    pub(super) max_rows: Option<usize>,
    /// Columns of a table; 0 never wraps or cuts [default: the terminal's, else 0]
    #[arg(long, value_name = "N")]
    pub(super) width: Option<usize>,
    /// Colours
    #[arg(long, value_enum, default_value_t = Color::Auto)]
    pub(super) color: Color,
    /// Show the values of credentials in requests
    #[arg(long)]
    pub(super) show_secrets: bool,
    /// No notes and no legend
    #[arg(short, long)]
    pub(super) quiet: bool,
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

names!(TimeName => TimeFormat {
    Relative "Seconds since the capture's first frame",
    Delta "Seconds since the row before",
    Utc "Date and time in UTC",
    Local "Date and time here",
    Epoch "Seconds since 1970",
});

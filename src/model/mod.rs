//! The words everything else speaks: frames, spans, segments, deliveries, labels, records and limits.
//!
//! Nothing comes in and nothing goes out here: these are values. This room imports nothing above it.

mod deliver;
mod exchange;
mod fetch;
mod first_line;
mod frame;
mod label;
pub mod limits;
mod lines;
mod out;
mod pack;
mod plain;
mod plain_row;
mod proxy_header;
mod record;
mod said;
mod segment;
mod spare;
mod tcp;
pub mod text;

pub use deliver::{Delivery, Ending};
pub use exchange::{Exchange, Framing, RequestHead, ResponseHead};
pub use fetch::{fetch, fetch_behind, fetch_end, fetch_lines};
pub use first_line::FirstLine;
pub use frame::{At, Block, Frame, FrameNo, LinkType, Nanos, Span, Timestamp};
pub use label::{Label, LabelSet};
pub use lines::Lines;
pub use out::Out;
pub use pack::Pack;
pub use plain::{PlainAddresses, PlainHeader, halves};
pub use plain_row::{PlainEvent, PlainRow, PlainText, Stream};
pub use proxy_header::{PROXY_V1, PROXY_V2, ProxyHeader};
pub use record::{
    Annotation, ConnectionRecord, Counts, EventRecord, Finding, FirstLast, FrameRecord, Handshake,
    LiveRun, OtherStream, Phase, Rail, Reconnect, Record, Resumed, Role, SessionOpening,
    SessionRecord, Severity, Summary, Teardown, TeardownKind,
};
pub use said::{
    Detail, End, EndKind, Event, Fact, Gaps, Ids, Missing, Protocol, Said, SessionEnding,
};
pub use segment::{Decoded, Direction, Endpoint, Flags, Segment, SkipReason, TcpOptions};
pub use spare::{empty, shrink};
pub use tcp::{Conflict, Repeated, SynOptions, TcpFacts};

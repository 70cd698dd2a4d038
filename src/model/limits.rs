//! Every cap of the program, each with the reason for its number. Reaching one makes a label, never a silent drop.

use std::num::NonZeroUsize;

/// Longest HTTP head (request or response) that is buffered, bytes. nginx allows 32 KiB, node 16 KiB, Tomcat 8 KiB, and
/// Envoy at most 96 KiB; four times nginx's is more than any server in use accepts.
pub const HTTP_HEAD: usize = 128 * 1024;

/// Longest header of the PROXY protocol, bytes: what haproxy's own buffer takes (tune.bufsize). nginx takes 4 KiB; addresses with all that is registered
/// beside them have some hundred bytes, but for a client's certificate.
pub const PROXY_HEADER: usize = 16 * 1024;

/// Header fields of one head that httparse may see. Apache's LimitRequestFields is 100, node's limit 2,000.
pub const HTTP_FIELDS: usize = 2_000;

/// Longest chunk-size line, or trailer line, with its extensions, bytes: Tomcat and hyper use 8 KiB and 16 KiB.
pub const CHUNK_LINE: usize = 16 * 1024;

/// Requests of one connection that wait for their answers (pipelining). Browsers send none, proxies a few dozen.
pub const PIPELINED: usize = 1_024;

/// Longest line of an event stream, bytes. Model answers with images in base64 stay below it.
pub const SSE_LINE: usize = 16 * 1024 * 1024;

/// Most data of one event, bytes; above it the block is given up and reading resumes at the next blank line.
pub const SSE_EVENT: usize = 64 * 1024 * 1024;

/// Longest ID, bytes. A client that comes back sends it in its request's head, and node takes one of 16 KiB, nginx lines of 8 KiB; and each event after it tells it again.
pub const SSE_ID: usize = 16 * 1024;

/// Bytes of one direction that wait behind a hole. Larger than the largest receive window in use (Linux: 6 MiB by default, tcp_rmem).
pub const REASSEMBLY_BYTES: usize = 16 * 1024 * 1024;

/// Pieces of one direction that wait behind a hole: bounds the cost of one-byte segments in reverse order.
pub const REASSEMBLY_PIECES: usize = 64 * 1024;

/// Bytes of one direction that were handed on and are kept, so that a copy that comes later can be compared: the largest window without
/// scaling, and the largest segment that offloading makes. The latest count.
pub const DELIVERED_BYTES: usize = 64 * 1024;

/// Bytes that are kept of one direction, the latest frames, when the receiver has acknowledged all of it: nobody sends these again but in vain, before the
/// sender has heard of the acknowledgment. They lie in eight lines of the processor's cache; with
/// a KiB, which takes two to go round in, the rows of thousands of sessions took up to a tenth longer.
pub const DELIVERED_ACKNOWLEDGED: usize = 512;

/// Frames of one direction whose bytes are kept so: full ones fill the bytes with 45, and a copy is looked for among them one by one.
pub const DELIVERED_FRAMES: usize = 1_024;

/// The part of a whole analysis' memory that the bytes kept so may take: a sixteenth. Beyond it all of them are forgotten, and keeping begins anew.
pub const DELIVERED_SHARE: usize = 16;

/// Segments of one direction that were sent and not yet acknowledged, remembered for RTTs: Wireshark keeps 10,000.
pub const UNACKED_SEGMENTS: usize = 10_000;

/// RSTs of one connection that are named in its teardown: one side sends a few for data still under way; a scanner may send millions.
pub const TEARDOWN_RSTS: usize = 16;

/// Rows of one connection that wait for an answer to turn out to be a stream; older ones are dropped and one row says how many (the contract's number).
pub const WAITING_ROWS: usize = 1_000;

/// How much of an event's text is compared with its neighbour's at each end, bytes.
pub const SHARED_TEXT: usize = 4 * 1024;

/// Bytes of the type of an event in a plain row: those of nearly every type, and so few that its place takes little.
pub const PLAIN_TYPE: usize = 256;

/// Characters of an event's text in an annotation (the contract's number).
pub const ANNOTATION_TEXT: usize = 160;

/// Capture time after which a closed connection is over, nanoseconds: 120 s, the contract's number (2 × the MSL of RFC 9293 §3.4.2 in common use).
pub const CLOSED_LINGER: i64 = 120_000_000_000;

/// Gaps between events of one session kept for exact percentiles, 8 KiB: thousands of sessions may be open at once. Longer streams are counted in buckets.
pub const EXACT_GAPS: usize = 1_024;

/// Sessions that have ended and that a client may come back to, remembered with what a reconnect is judged by: 200 bytes each and more than one
/// machine has ports. Beyond it the one that ended first is forgotten.
pub const ENDED_SESSIONS: usize = 64 * 1024;

/// Bytes of `--memory` for each of them: with the longest IDs one holds 1.3 KiB, so that they take a sixth of a small cap at most.
pub const ENDED_SESSION: usize = 8 * 1024;

/// So many of the sessions that a request may go on from are looked at, the latest first: a broadcast to as many windows of one client.
pub const RECONNECT_CANDIDATES: usize = 256;

/// Bytes of the IDs that are kept of such a session: IDs in use have below 100. Longer ones are compared by a hash only.
pub const REMEMBERED_IDS: usize = 1_024;

/// Headers of one frame: real stacks of tags and tunnels have below 20.
pub const LAYERS: usize = 64;

/// Reassembled packets inside each other in one frame: a fragmented tunnel packet that carries a fragment makes two.
pub const NESTED_REASSEMBLY: usize = 4;

/// Packets whose fragments are not all there. With one Ethernet frame's fragment each (1,480 bytes) they hold 12 MB, so that neither this bound
/// nor the next is reached long before the other.
pub const FRAGMENTED_PACKETS: usize = 8_192;

/// Bytes of fragments that wait: four times what Linux holds (ipfrag_high_thresh, 4 MiB), since a capture sees many hosts' packets.
pub const FRAGMENT_BYTES: usize = 16 * 1024 * 1024;

/// Fragments of one packet: an IP packet of 65,535 bytes has at most 8,190 pieces of 8 bytes.
pub const FRAGMENTS_OF_PACKET: usize = 8_192;

/// Bytes of rows that wait in memory before an unnamed temporary file takes them: a few thousand rows, so that small captures make no file.
pub const SPOOL_MEMORY: usize = 1024 * 1024;

/// Rows by which a table's columns are measured before the first is printed: widths are right for all but captures that nobody reads to their end.
pub const TABLE_SAMPLE: usize = 4_096;

/// Characters of one cell of a table, even where nothing is cut to fit: servers refuse request lines above 8 KiB (nginx, Apache), and a table's layout counts
/// columns in 16 bits.
pub const TABLE_CELL: usize = 8 * 1024;

/// Sessions whose last event is remembered, so that the next shows only what differs; at 8 KiB each they hold 8 MiB.
pub const SHARED_SESSIONS: usize = 1_024;

/// Content codings of one body. Servers apply one, rarely two; curl refuses more than 5.
pub const CODINGS: usize = 5;

/// Decoded bytes for each coded one, above which a body is taken for a bomb: deflate cannot reach 1,033, and streams of text stay below 100. It is judged of
/// the whole body so far, and of each frame.
pub const DECODED_RATIO: u64 = 1_000;

/// Decoded bytes below which no ratio is judged: the first zeros of an honest body may pack well, and the last byte of a block gives all of it (zstd's have 128 KiB).
pub const DECODED_FREE: u64 = 1024 * 1024;

/// Events, comments and other blocks of a coded body below which their number is not held against its length: what is sent once may say the same thing often.
pub const DECODED_ITEMS_FREE: u64 = 250_000;

/// The same of one frame: its events are there at once, each with a hundred times its room.
pub const DECODED_ITEMS_AT_ONCE: u64 = 64 * 1024;

/// Coded bytes for each further one. An event of a plain stream takes six at least, and unlike ones seldom pack into fewer than four; a bomb makes forty of one byte.
pub const DECODED_ITEM: u64 = 4;

/// Bytes that have to be kept behind a frame of a coded body (an unfinished event, IDs, a decoder's window) for each frame that brought some of it: small enough that
/// a bomb on each of some ten thousand connections does not go beyond memory before it is noticed, and more than what is sent to keep a stream open.
pub const DECODED_HELD_FREE: u64 = 16 * 1024;

/// The same for each coded byte: text packs into a hundredth where it says the same again and again.
pub const DECODED_HELD_RATIO: u64 = 100;

/// Holes in one stream whose frames are named; later ones are only counted. A capture that misses more is not read hole by hole.
pub const HOLES: usize = 64;

/// Streams of other forms (ndjson and the like) that are listed for one connection; later ones are not.
pub const OTHER_STREAMS: usize = 4_096;

/// Bytes read from a capture at a time: large enough that a read costs nothing beside the frames in it, small enough for the cache.
pub const CAPTURE_READ: usize = 256 * 1024;

/// Longest frame of a capture, bytes: libpcap's and Wireshark's maximum for nearly every link type (MAXIMUM_SNAPLEN). A record that
/// claims more is damage.
pub const CAPTURE_FRAME: usize = 256 * 1024;

/// Longest frame of the few link types that carry more than a network does (USB, D-Bus), bytes: libpcap's and Wireshark's maximum for them.
pub const CAPTURE_LARGE_FRAME: usize = 128 * 1024 * 1024;

/// Longest block of a pcapng file, bytes: the largest frame, and as much again as an ordinary frame for its options.
pub const CAPTURE_BLOCK: usize = CAPTURE_LARGE_FRAME + CAPTURE_FRAME;

/// Interfaces of one pcapng section: what the 16-bit interface ID of the old Packet Block can name.
pub const CAPTURE_INTERFACES: usize = 64 * 1024;

/// Longest interface name that is kept, bytes. Linux has 16 (IFNAMSIZ); a Windows device path about 50.
pub const INTERFACE_NAME: usize = 256;

/// Window of a zstd-compressed capture, as a power of 2: 128 MiB, what the `zstd` tool itself accepts without `--long`.
pub const ZSTD_WINDOW_LOG: u32 = 27;

/// Bytes of a file that is no capture that the error shows.
pub const SHOWN_BEGINNING: usize = 4;

/// Blocks of [`CAPTURE_READ`] bytes that a batch keeps so as not to copy what lies in them: a batch of frames of the usual sizes lies in
/// fewer. What comes in further ones is copied, so that a few frames do not hold on to many blocks.
pub const BATCH_BLOCKS: usize = 16;

/// Bytes of a block that may be kept: it grows for a record larger than itself, and one of Ethernet's has 256 KiB at most. Of other link
/// types a record may have 128 MiB, and some dozens of such blocks are too much; what comes in these is copied.
pub const KEPT_BLOCK: usize = 4 * CAPTURE_READ;

/// Blocks that wait to be used again: what the batches under way can have kept.
pub const EARLIER_BLOCKS: usize = 4 * BATCH_BLOCKS;

/// Frames that are worked off together: enough that each of some thousands of connections has several of them, few enough that
/// they and their payloads still lie in the cache. A quarter of it, and twice as many, were slower.
pub const BATCH_FRAMES: usize = 8 * 1024;

/// The same where rows are made: what is made of each frame takes several times the frame, and is no faster in larger batches.
pub const BATCH_ROWS: usize = BATCH_FRAMES / 2;

/// What rows and events take whose lines are written together, bytes: enough that the code that writes them stays in the processor's cache, and few
/// enough that they do too.
pub const UNWRITTEN: usize = 24 * 1024;

/// Rows that are kept to be used again: about as many as are written together.
pub const SPARE_ROWS: usize = 64;

/// Bytes of lines that are passed on together: enough that they are written without being copied once more.
pub const LINES: usize = 256 * 1024;

/// Bytes of room that a buffer of lines begins with: those of a line or two.
pub const OUT_LEAST: usize = 1024;

/// Bytes of room that a buffer of lines keeps for the next batch: more than the lines of nearly every batch take.
pub const OUT_KEPT: usize = 1024 * 1024;

/// The same of a list of what is made of a batch. Each worker has some of them, and one frame can fill it with some megabytes.
pub const LIST_KEPT: usize = 512 * 1024;

/// Bytes of payload that are worked off together, where the frames are large.
pub const BATCH_BYTES: usize = 4 * 1024 * 1024;

/// What is made of a batch and waits for the frames of other connections, bytes: all that ordinary traffic makes of one, and so much that a few frames
/// which make a thousand times their length do not go beyond memory. Where there is more, the rest of the batch is worked off frame by frame.
pub const ITEMS: usize = 32 * 1024 * 1024;

/// Connections of a live run whose last row is remembered, so that the next tells the pause between them: 64 bytes each, and more than one machine has ports.
pub const LIVE_CONNECTIONS: usize = 64 * 1024;

/// Bytes of `--memory` for each worker thread: what one frame of some kilobytes can be made into, when it was made for that.
pub const MEMORY_OF_JOB: usize = 48_000_000;

/// Worker threads of one run: one thread reads for them all, and some dozens are never busy at once.
pub const JOBS: NonZeroUsize = NonZeroUsize::new(64).unwrap();

/// Memory of a whole analysis where nothing else is asked for, bytes: some millions of connections that are over, or 190,000 that are open at once.
pub const MEMORY: usize = 1024 * 1024 * 1024;

/// Above so many sixteenths of that connections are given up, and down to how many. A quarter is for the batches that are under way and for what the
/// allocator has not given back, so that about the cap is resident; a sixteenth for what the shortest epochs may add; and some are given up at once, so that it comes seldom.
pub const MEMORY_KEPT: (usize, usize) = (11, 9);

/// What stays of a connection that is over, beside the entry of its 4-tuple, bytes.
pub const ENDED_CONNECTION: usize = 64;

/// What a closed connection is reckoned to hold until it is over, bytes: what it is packed into, mostly some 200, with its place, its turn to be over and
/// what the merge keeps. What it holds beyond that is counted.
pub const CLOSED_CONNECTION: usize = 512;

/// What an open connection is reckoned to hold, bytes: its TCP state, the heads of an exchange, a session. What it holds beyond that is counted.
pub const OPEN_CONNECTION: usize = 4 * 1024;

/// In steps of so many bytes is told what a connection holds beyond that: fine beside 4 KiB, coarse enough that a session tells it a few times only.
pub const GROWN: usize = 1024;

/// A connection's memory is looked at after every so many bytes of its payload, a power of two: what they may add is what it is reckoned with.
pub const CARRIED: u32 = 4 * 1024;

/// A connection that holds more is looked at in every epoch that has a frame of it: a buffer that is full takes as much again with its next byte.
pub const LARGE: usize = 4 * CARRIED as usize;

/// Of an event that is counted and not kept so many bytes count: the time since the one before stays.
pub const CARRIED_COUNTED: usize = 16;

/// A segment that is none of the ordinary ones counts as so many bytes more: what it costs to remember it.
pub const CARRIED_APART: usize = 256;

/// What a frame may add to what its connection holds, bytes, twice: a gzip decoder has 48 KiB and some buffers, and when connections are given up
/// what the frames of two epochs did is not known yet. So many frames as there is room for make an epoch.
pub const FRAME_ADDS: usize = 2 * 56 * 1024;

/// Frames of an epoch at the least: fewer would be worked off one by one.
pub const EPOCH_FRAMES: usize = 128;

/// Bytes of payload of an epoch at the least.
pub const EPOCH_BYTES: usize = 128 * 1024;

//! What TCP says of a frame, in words: handshake, teardown, losses, windows, acknowledgments.

use super::say::{Say, say_first};
use crate::model::text::{Count, Lasting, Thousands};
use crate::model::{
    Annotation, Conflict, Direction, Flags, FrameNo, Label, LabelSet, Nanos, Role, SynOptions,
    TcpFacts,
};

/// What the words depend on beside the frame's own facts.
pub(super) struct Context {
    /// Before this frame a SYN waits for the server's answer.
    pub(super) syn_waits: bool,
    /// The frame opens its sender's window, which was closed for so long.
    pub(super) window_closed_for: Option<Nanos>,
    /// The first frame that an event's words, which follow, name with the time since it.
    pub(super) event_since: Option<FrameNo>,
}

/// Adds TCP's words, troubles first.
pub(super) fn tell(words: &mut Annotation, tcp: &TcpFacts, context: &Context) {
    // Nearly every frame acknowledges, or TCP has nothing to say of it.
    const ORDINARY: LabelSet = LabelSet::of(&[Label::Push, Label::Ack]);
    let holes = tcp.fills_hole.is_some() || tcp.hole > 0 || tcp.late > 0 || tcp.conflict.is_some();
    if ORDINARY.has_all(tcp.labels) && !holes && !tcp.flags.has(Flags::RST) {
        return tell_acknowledgment(words, tcp, None);
    }
    tell_all(words, tcp, context);
}

/// As [`tell`], whatever the frame is.
fn tell_all(words: &mut Annotation, tcp: &TcpFacts, context: &Context) {
    if tcp.labels.has(Label::PortReused) {
        words.push(Role::Warning, "port reused: a new connection");
    }
    tell_sequence(words, tcp, context.event_since);
    tell_windows(words, tcp);
    tell_handshake(words, tcp);
    tell_acknowledgment(words, tcp, context.window_closed_for);
    tell_teardown(words, tcp, context.syn_waits);
}

/// Says that the snaplen cut the frame.
pub(super) fn tell_snaplen(words: &mut Annotation, tcp: &TcpFacts) {
    let (captured, length) = (Thousands(tcp.captured.into()), u64::from(tcp.length));
    if tcp.captured < tcp.length {
        let length = Count(length, "byte");
        say_first(
            words,
            Role::Warning,
            format_args!("cut by the snaplen: {captured} of {length} captured"),
        );
    }
}

/// The side that sent the frame.
fn side(direction: Direction) -> &'static str {
    match direction {
        Direction::ToServer => "client",
        Direction::ToClient => "server",
    }
}

fn tell_handshake(words: &mut Annotation, tcp: &TcpFacts) {
    if tcp.labels.has(Label::Syn) {
        words.next();
        words.push(Role::Plain, "handshake 1/3: client opens");
        tell_offer(words, tcp.syn.unwrap_or_default());
    }
    if tcp.labels.has(Label::SynAck) {
        words.next();
        words.push(Role::Plain, "handshake 2/3: server accepts");
    }
    if tcp.labels.has(Label::HandshakeAck) {
        words.next();
        words.push(Role::Plain, "handshake 3/3: connection open");
        if let Some(rtt) = tcp.initial_rtt {
            words.say(Role::Plain, format_args!(", RTT {}", Lasting(rtt)));
        }
    }
}

/// ` (MSS 16344, window scale 64, SACK)`: what a SYN offers.
fn tell_offer(words: &mut Annotation, offer: SynOptions) {
    if offer == SynOptions::default() {
        return;
    }
    let mut before = " (";
    if let Some(mss) = offer.mss {
        words.say(Role::Plain, format_args!("{before}MSS {mss}"));
        before = ", ";
    }
    if let Some(factor) = offer.window_factor {
        words.say(Role::Plain, format_args!("{before}window scale {factor}"));
        before = ", ";
    }
    if offer.sack {
        words.push(Role::Plain, before);
        words.push(Role::Plain, "SACK");
    }
    words.push(Role::Plain, ")");
}

/// Retransmissions, what is out of order, and holes.
fn tell_sequence(words: &mut Annotation, tcp: &TcpFacts, event_since: Option<FrameNo>) {
    let has = |label| tcp.labels.has(label);
    let role = if tcp.fills_hole.is_some() || tcp.hole > 0 {
        Role::Warning
    } else {
        Role::Plain
    };
    let kind = if has(Label::SpuriousRetransmission) {
        "spurious retransmission"
    } else if has(Label::FastRetransmission) {
        "fast retransmission"
    } else if has(Label::OutOfOrder) {
        "out of order"
    } else if has(Label::Retransmission) {
        "retransmission"
    } else {
        ""
    };
    if !kind.is_empty() {
        words.next();
        words.push(role, kind);
        match tcp.repeats {
            Some(first) if has(Label::SpuriousRetransmission) => {
                words.say(role, format_args!(" of No. {}", first.frame));
            }
            Some(first) if first.asked && has(Label::Retransmission) => {
                let (frame, after) = (first.frame, Lasting(first.after));
                words.say(
                    Role::Warning,
                    format_args!(": No. {frame} was lost, waited {after}"),
                );
            }
            Some(first) if has(Label::Retransmission) => {
                let (frame, after) = (first.frame, Lasting(first.after));
                words.say(role, format_args!(" of No. {frame} after {after}"));
            }
            _ => {}
        }
    }
    if let Some((first, waited)) = tcp.fills_hole {
        words.joined(role, kind, ": ");
        words.push(
            role,
            if tcp.hole > 0 || (tcp.waiting && tcp.direction == Direction::ToClient) {
                "fills a hole, another is left"
            } else {
                "fills the hole"
            },
        );
        // The parenthesis of an event that waited says so.
        if event_since != Some(first) {
            let waited = Lasting(waited);
            words.say(role, format_args!(", No. {first} waited {waited}"));
        }
    } else if tcp.hole > 0 {
        words.joined(role, kind, ", ");
        let missing = Count(u64::from(tcp.hole), "byte");
        words.say(role, format_args!("behind a hole of {missing}"));
    } else if has(Label::PreviousSegmentNotCaptured) {
        words.joined(Role::Warning, kind, ", ");
        words.push(Role::Warning, "previous segment not captured");
    }
    if tcp.late > 0 {
        words.next();
        let bytes = Count(tcp.late.into(), "byte");
        words.say(
            Role::Warning,
            format_args!("too late to be read: {bytes} given up as missing before"),
        );
    }
    if let Some(Conflict { bytes, first }) = tcp.conflict {
        words.next();
        let verb = if bytes == 1 { "differs" } else { "differ" };
        let bytes = Count(bytes.into(), "byte");
        words.say(
            Role::Warning,
            format_args!("conflicts with No. {first}: {bytes} {verb}, the first copy counts"),
        );
    }
}

fn tell_windows(words: &mut Annotation, tcp: &TcpFacts) {
    let sender = side(tcp.direction);
    let has = |label| tcp.labels.has(label);
    if has(Label::ZeroWindowProbeAck) {
        words.next();
        words.say(
            Role::Plain,
            format_args!("zero window probe ACK: the {sender} takes none"),
        );
    } else if has(Label::ZeroWindow) {
        words.next();
        words.say(
            Role::Warning,
            format_args!("zero window: the {sender} takes no more"),
        );
    }
    if has(Label::ZeroWindowProbe) {
        words.next();
        words.push(Role::Plain, "zero window probe");
    }
    if has(Label::WindowFull) {
        words.next();
        let peer = side(tcp.direction.reverse());
        words.say(
            Role::Warning,
            format_args!("window full: fills the {peer}'s window"),
        );
    }
}

fn tell_acknowledgment(words: &mut Annotation, tcp: &TcpFacts, closed_for: Option<Nanos>) {
    let has = |label| tcp.labels.has(label);
    if tcp.acks_unseen {
        words.next();
        words.push(Role::Warning, "acknowledges bytes that were not captured");
    }
    if has(Label::KeepAliveAck) {
        words.next();
        words.push(Role::Dim, "TCP keep-alive ACK");
    } else if has(Label::KeepAlive) {
        words.next();
        words.push(Role::Dim, "TCP keep-alive");
    }
    if let Some((number, repeated)) = tcp.duplicate
        && has(Label::DuplicateAck)
    {
        words.next();
        words.say(
            Role::Dim,
            format_args!("duplicate ACK {number} of No. {repeated}"),
        );
    }
    if has(Label::WindowUpdate) {
        words.next();
        match tcp.window_before {
            Some(before) => words.say(
                Role::Dim,
                format_args!("window update: {before} → {} bytes", tcp.window),
            ),
            None => words.say(
                Role::Dim,
                format_args!("window update: {} bytes", tcp.window),
            ),
        }
        if let Some(time) = closed_for {
            words.say(
                Role::Warning,
                format_args!(", it was closed for {}", Lasting(time)),
            );
        }
    }
    if has(Label::Ack) && !tcp.acks_unseen && !has(Label::Fin) {
        words.next();
        tell_answered(words, tcp.acknowledges, tcp.acknowledgment);
    }
}

/// What an ACK acknowledges: a frame, or all before a number.
#[inline]
pub(super) fn tell_answered(
    words: &mut impl Say,
    acknowledges: Option<FrameNo>,
    acknowledgment: Option<u32>,
) {
    match (acknowledges, acknowledgment) {
        (Some(frame), _) => {
            words.put("acknowledges No. ");
            words.put_number(frame.0);
            words.mark(Role::Dim);
        }
        // It acknowledges a part of a segment, or bytes from before the capture.
        (None, Some(up_to)) => {
            words.say(
                Role::Dim,
                format_args!("acknowledges what is before Seq {up_to}"),
            );
        }
        (None, None) => words.push(Role::Dim, "acknowledges"),
    }
}

/// FIN, the acknowledgment of one, and RST. The frames of a teardown are counted without a total: at the first FIN nobody
/// knows whether three or four follow.
fn tell_teardown(words: &mut Annotation, tcp: &TcpFacts, syn_waits: bool) {
    let (fin, reset) = (
        tcp.labels.has(Label::Fin),
        tcp.labels.has(Label::Reset) || tcp.flags.has(Flags::RST),
    );
    let fin_ack = tcp.labels.has(Label::FinAck);
    if !fin && !reset && !fin_ack {
        return;
    }
    let role = if reset { Role::Error } else { Role::Plain };
    words.next();
    if let Some(number) = tcp.teardown {
        words.say(role, format_args!("teardown {number}: "));
    }
    let sender = side(tcp.direction);
    if reset {
        match tcp.teardown {
            Some(_) => words.say(role, format_args!("{sender} resets (RST)")),
            None if syn_waits && tcp.direction == Direction::ToClient => {
                words.push(role, "RST: server refuses the connection");
            }
            None => words.say(role, format_args!("RST: {sender} aborts the connection")),
        }
    } else if fin {
        words.say(role, format_args!("{sender} closes"));
    } else {
        let peer = side(tcp.direction.reverse());
        words.say(role, format_args!("acknowledges the {peer}'s FIN"));
        if let Some(frame) = tcp.acknowledges_fin {
            words.say(role, format_args!(" (No. {frame})"));
        }
    }
}

impl Joined for Annotation {
    fn joined(&mut self, role: Role, before: &str, by: &str) {
        if before.is_empty() {
            self.next();
        } else {
            self.push(role, by);
        }
    }
}

/// Going on in the sentence that `before` began, or beginning one.
trait Joined {
    fn joined(&mut self, role: Role, before: &str, by: &str);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::At;
    use proptest::prelude::*;
    use proptest::sample::subsequence;

    fn facts() -> TcpFacts {
        TcpFacts {
            sequence: 1,
            acknowledgment: Some(1),
            window: 512,
            ..TcpFacts::of(At::default(), Direction::ToServer, Flags::ACK)
        }
    }

    fn told(tell: fn(&mut Annotation, &TcpFacts, &Context), tcp: &TcpFacts) -> Annotation {
        let context = Context {
            syn_waits: true,
            window_closed_for: Some(5),
            event_since: None,
        };
        let mut words = Annotation::default();
        tell(&mut words, tcp, &context);
        words
    }

    proptest! {
        /// Most frames have few labels.
        #[test]
        fn an_ordinary_frame_is_told_as_any_other_would_be(
            labels in subsequence(Label::ALL, 0..3),
            ordinary in subsequence(vec![Label::Push, Label::Ack], 0..3),
            (reset, acks_unseen) in any::<(bool, bool)>(),
            (hole, late) in (0..2_u32, 0..2_u32),
            acknowledges in prop::option::of(1..9_u64),
            several in any::<bool>(),
        ) {
            let labels = if several { labels } else { ordinary };
            let tcp = TcpFacts {
                flags: if reset { Flags::RST } else { Flags::ACK },
                acks_unseen,
                hole,
                late,
                acknowledges: acknowledges.map(FrameNo),
                labels: labels.into_iter().collect(),
                ..facts()
            };
            prop_assert_eq!(told(tell, &tcp), told(tell_all, &tcp));
        }
    }
}

//! What HTTP says of a frame, in words: requests, answers, bodies, ends, and what was missing or broken.

use super::{Narrator, Say, at_most};
use crate::model::text::{Count, Escaped};
use crate::model::{
    Annotation, EndKind, Fact, Framing, RequestHead, ResponseHead, Role, Said, SessionEnding, Span,
};
use crate::timeline::redact::redact_target;
use std::borrow::Cow;
use std::ops::Range;

/// Characters of a request target in an annotation; a session's heading and record have all of it.
const TARGET: usize = 1_024;

/// Characters of a media type, a coding or a protocol's name, and of a target that other words follow.
const NAME: usize = 60;

/// Characters of a sentence about a trouble, which may quote the wire.
const SENTENCE: usize = 400;

impl Narrator {
    /// Adds HTTP's words for those of the frame's facts that `told` names.
    pub(super) fn tell_http(&mut self, words: &mut Annotation, said: &[Said], told: Range<usize>) {
        let last_request = said
            .iter()
            .rposition(|said| matches!(said.fact, Fact::Request(_)));
        let request_body = said.iter().map(|said| body_bytes(&said.fact)).sum::<u64>();
        let mut request_body_told = request_body == 0;
        let mut discarded = 0;
        for (at, Said { session, fact, .. }) in said.iter().enumerate() {
            if !told.contains(&at) {
                continue;
            }
            let later = &said[at + 1..];
            match fact {
                Fact::Proxied(header) => {
                    words.next();
                    words.say(Role::Plain, format_args!("PROXY header: {header}"));
                }
                Fact::RequestBegins if later.iter().any(completes_request) => {}
                Fact::RequestBegins => {
                    words.next();
                    words.push(Role::Strong, "request head begins");
                }
                Fact::Request(head) => {
                    let last = last_request == Some(at);
                    let body = if last { request_body } else { 0 };
                    request_body_told |= last;
                    // The target may be as long as it likes only where it is the last of the row.
                    let whole = last && said.iter().all(|said| is_of_request(&said.fact));
                    self.tell_request(words, head, body, whole);
                }
                Fact::RequestBody(_) if request_body_told || last_request.is_some() => {}
                Fact::RequestBody(_) => {
                    request_body_told = true;
                    words.next();
                    let bytes = Count(request_body, "byte");
                    words.say(Role::Plain, format_args!("request body, {bytes}"));
                }
                Fact::ResponseBegins if later.iter().any(completes_response) => {}
                Fact::ResponseBegins => {
                    words.next();
                    words.push(Role::Strong, "response head begins");
                }
                Fact::Informational(head) => tell_informational(words, head),
                Fact::Response { head, .. } => {
                    let opens = later
                        .iter()
                        .take_while(|said| !completes_response(said))
                        .any(|said| matches!(said.fact, Fact::SessionOpens(_)));
                    tell_response(words, head, opens);
                }
                Fact::SessionOpens(exchange) => {
                    let framing = exchange.response.as_ref().and_then(|head| head.framing);
                    if let Some(session) = session {
                        self.open_session(*session).framing = framing;
                    }
                    if exchange.response.is_none() {
                        words.next();
                        words.push(Role::Accent, "an event stream under way");
                        words.push(Role::Plain, ", its head was not captured");
                    }
                }
                Fact::EventStream if said.iter().any(tells_the_stream) => {}
                Fact::EventStream => {
                    words.next();
                    words.push(Role::Strong, "Content-Type: text/event-stream");
                }
                Fact::TerminatingChunk => {
                    words.next();
                    words.push(Role::Strong, "terminating chunk: response complete");
                }
                // The head or the terminating chunk of the same frame, or how the session ended, has said it.
                Fact::ResponseEnd if said.iter().any(tells_the_end) => {}
                Fact::ResponseEnd => {
                    words.next();
                    words.push(Role::Strong, "response complete");
                }
                Fact::Upgrade(name) => {
                    words.next();
                    tell_upgrade(words, name);
                }
                Fact::DiscardedEvent(bytes) => discarded += bytes,
                Fact::SessionEnds(ending) => {
                    let framing = session.and_then(|session| self.open_session(session).framing);
                    tell_session_end(words, framing, ending, said);
                }
                Fact::OtherStream(_) => {
                    words.next();
                    words.push(Role::Plain, "streams, but is no event stream");
                }
                Fact::Gap {
                    bytes,
                    between: (before, behind),
                    outcome,
                } => {
                    words.next();
                    match bytes {
                        0 => words.push(Role::Warning, "bytes"),
                        _ => words.say(Role::Warning, format_args!("{}", Count(*bytes, "byte"))),
                    }
                    if before == behind {
                        words.say(Role::Warning, format_args!(" of No. {before} missing"));
                    } else {
                        words.say(
                            Role::Warning,
                            format_args!(" missing between No. {before} and No. {behind}"),
                        );
                    }
                    words.say(Role::Warning, format_args!(": {outcome}"));
                }
                Fact::Trouble(sentence) => {
                    words.next();
                    let (sentence, more) = at_most(sentence, SENTENCE);
                    words.say(Role::Warning, format_args!("{}{more}", Escaped(sentence)));
                }
                Fact::Chunk { .. }
                | Fact::PartialChunk { .. }
                | Fact::Body(_)
                | Fact::Event(_)
                | Fact::Comment
                | Fact::Declined(_)
                | Fact::Decoded(_)
                | Fact::BlockWithoutData { .. } => {}
            }
        }
        // After how the stream ended, which is the reason.
        if discarded > 0 {
            words.next();
            let bytes = Count(discarded, "byte");
            words.say(
                Role::Error,
                format_args!("unfinished event of {bytes} discarded"),
            );
        }
    }

    /// `request POST (No. 4–6, 231 bytes of body) /v1/chat Last-Event-ID "7"`.
    fn tell_request(&self, words: &mut Annotation, head: &RequestHead, body: u64, whole: bool) {
        words.next();
        let (method, more) = at_most(&head.method, NAME);
        words.say(
            Role::Strong,
            format_args!("request {}{more} ", Escaped(method)),
        );
        let frames = head.span.first.frame != head.span.there.frame;
        if frames || body > 0 {
            words.push(Role::Dim, "(");
            if frames {
                words.say(Role::Dim, format_args!("{}", Frames(head.span)));
            }
            if body > 0 {
                let comma = if frames { ", " } else { "" };
                let bytes = Count(body, "byte");
                words.say(Role::Dim, format_args!("{comma}{bytes} of body"));
            }
            words.push(Role::Dim, ") ");
        }
        let target = if self.show_secrets {
            Cow::Borrowed(head.target.as_str())
        } else {
            redact_target(&head.target)
        };
        let (role, limit) = if whole {
            (Role::Wire, TARGET)
        } else {
            (Role::Strong, NAME)
        };
        let (target, more) = at_most(&target, limit);
        words.say(role, format_args!("{}{more}", Escaped(target)));
        if let Some(id) = head.last_event_id.as_deref().filter(|id| !id.is_empty()) {
            let (id, more) = at_most(id, limit);
            words.say(
                role,
                format_args!(" Last-Event-ID \"{}{more}\"", Escaped(id)),
            );
        }
    }
}

/// Where in the frame's facts the end of its last response begins: behind that response's chunks, and so are its words.
pub(super) fn last_end(said: &[Said]) -> usize {
    let head = said.iter().rposition(|said| {
        matches!(
            said.fact,
            Fact::Proxied(_)
                | Fact::RequestBegins
                | Fact::Request(_)
                | Fact::ResponseBegins
                | Fact::Informational(_)
                | Fact::Response { .. }
                | Fact::SessionOpens(_)
                | Fact::Upgrade(_)
        )
    });
    let from = head.map_or(0, |head| head + 1);
    let end = said[from..].iter().position(|said| {
        matches!(
            said.fact,
            Fact::TerminatingChunk
                | Fact::ResponseEnd
                | Fact::DiscardedEvent(_)
                | Fact::SessionEnds(_)
        )
    });
    end.map_or(said.len(), |end| from + end)
}

/// `100 Continue`.
fn tell_informational(words: &mut Annotation, head: &ResponseHead) {
    words.next();
    words.say(Role::Strong, format_args!("{}", head.status));
    if let Some(reason) = reason(head.status) {
        words.say(Role::Strong, format_args!(" {reason}"));
    }
}

/// `200 text/event-stream: the stream opens`, `200 application/json, 812 bytes`, `204 No Content`.
fn tell_response(words: &mut Annotation, head: &ResponseHead, opens: bool) {
    words.next();
    words.say(Role::Strong, format_args!("{}", head.status));
    match (head.media_type.as_deref(), head.framing) {
        (Some(media_type), framing) if opens || framing.is_some() => {
            let (media_type, more) = at_most(media_type, NAME);
            words.say(Role::Strong, format_args!(" {}{more}", Escaped(media_type)));
        }
        _ => {
            if let Some(reason) = reason(head.status) {
                words.say(Role::Strong, format_args!(" {reason}"));
            }
        }
    }
    if let Some(coding) = head.content_encoding.as_deref()
        && !coding.is_empty()
    {
        let (coding, more) = at_most(coding, NAME);
        words.say(Role::Strong, format_args!(", {}{more}", Escaped(coding)));
    }
    for coding in transfer_codings(head) {
        let (coding, more) = at_most(coding, NAME);
        words.say(
            Role::Strong,
            format_args!(", transfer coding {}{more}", Escaped(coding)),
        );
    }
    if head.span.first.frame != head.span.there.frame {
        words.say(Role::Dim, format_args!(" ({})", Frames(head.span)));
    }
    if opens {
        words.push(Role::Strong, ": ");
        words.push(Role::Accent, "the stream opens");
        return;
    }
    match (head.framing, content_length(head)) {
        (Some(Framing::ContentLength), Some(bytes)) => {
            words.say(Role::Strong, format_args!(", {}", Count(bytes, "byte")));
        }
        (Some(Framing::Chunked), _) => words.push(Role::Strong, ", chunked"),
        (Some(Framing::Close), _) => words.push(Role::Strong, ", until close"),
        (None, Some(1..)) => words.push(Role::Strong, ", no body"),
        _ => {}
    }
}

fn tell_upgrade(words: &mut Annotation, name: &str) {
    if name == "CONNECT" {
        words.push(Role::Strong, "from here on a tunnel");
    } else if name.is_empty() {
        words.push(Role::Strong, "from here on another protocol");
    } else {
        let (name, more) = at_most(name, NAME);
        words.say(
            Role::Strong,
            format_args!("from here on {}{more}", Escaped(name)),
        );
    }
}

/// How a session ended, where neither a terminating chunk nor its length says so.
fn tell_session_end(
    words: &mut Annotation,
    framing: Option<Framing>,
    ending: &SessionEnding,
    said: &[Said],
) {
    let framing = framing.or(ending.chunks.map(|_| Framing::Chunked));
    let (role, sentence) = match (ending.end.kind, framing) {
        (EndKind::TerminatingChunk | EndKind::ContentLength | EndKind::Open, _) => return,
        (EndKind::Fin, _) if ending.lost => (
            Role::Warning,
            "stream ends, how its body ended was not captured",
        ),
        (EndKind::Rst, _) if ending.lost => (Role::Error, "stream cut off"),
        (EndKind::Fin, Some(Framing::Chunked)) => {
            (Role::Error, "stream ends, no terminating chunk")
        }
        (EndKind::Fin, Some(Framing::ContentLength)) => {
            (Role::Error, "stream ends before its Content-Length")
        }
        (EndKind::Fin | EndKind::EndStream, _) => (Role::Strong, "response complete"),
        (EndKind::Rst | EndKind::StreamReset, Some(Framing::Chunked)) => {
            (Role::Error, "stream cut off, no terminating chunk")
        }
        (EndKind::Rst | EndKind::StreamReset, _) => (Role::Error, "stream cut off"),
        (EndKind::Timeout, _) => (Role::Error, "stream given up here"),
    };
    let told = said
        .iter()
        .any(|said| matches!(said.fact, Fact::TerminatingChunk));
    if !told {
        words.next();
        words.push(role, sentence);
    }
}

/// `No. 4–6`: the frames of a head that took several.
struct Frames(Span);

impl std::fmt::Display for Frames {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "No. {}–{}", self.0.first.frame, self.0.there.frame)
    }
}

fn completes_request(said: &Said) -> bool {
    matches!(said.fact, Fact::Request(_))
}

fn completes_response(said: &Said) -> bool {
    matches!(said.fact, Fact::Response { .. } | Fact::Informational(_))
}

/// Whether the words for it say that an event stream begins.
fn tells_the_stream(said: &Said) -> bool {
    completes_response(said)
        || matches!(&said.fact, Fact::SessionOpens(exchange) if exchange.response.is_none())
}

fn tells_the_end(said: &Said) -> bool {
    matches!(
        said.fact,
        Fact::TerminatingChunk | Fact::SessionEnds(_) | Fact::Response { .. }
    )
}

fn is_of_request(fact: &Fact) -> bool {
    matches!(
        fact,
        Fact::Proxied(_) | Fact::RequestBegins | Fact::Request(_) | Fact::RequestBody(_)
    )
}

fn body_bytes(fact: &Fact) -> u64 {
    match fact {
        Fact::RequestBody(bytes) => *bytes,
        _ => 0,
    }
}

/// The transfer codings but `chunked`, which the framing tells.
fn transfer_codings(head: &ResponseHead) -> impl Iterator<Item = &str> {
    let fields = head.fields.iter();
    fields
        .filter(|(name, _)| name.eq_ignore_ascii_case("transfer-encoding"))
        .flat_map(|(_, value)| value.split(','))
        .map(str::trim)
        .filter(|coding| {
            !["", "chunked", "identity"].contains(&coding.to_ascii_lowercase().as_str())
        })
        .take(5)
}

fn content_length(head: &ResponseHead) -> Option<u64> {
    let (_, value) = head
        .fields
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))?;
    value.split(',').next()?.trim().parse().ok()
}

/// Reason phrases that people know by heart (RFC 9110 §15), for answers that have no media type. Never the wire's own.
fn reason(status: u16) -> Option<&'static str> {
    Some(match status {
        100 => "Continue",
        101 => "Switching Protocols",
        102 => "Processing",
        103 => "Early Hints",
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        204 => "No Content",
        205 => "Reset Content",
        206 => "Partial Content",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        408 => "Request Timeout",
        409 => "Conflict",
        410 => "Gone",
        413 => "Content Too Large",
        415 => "Unsupported Media Type",
        417 => "Expectation Failed",
        426 => "Upgrade Required",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => return None,
    })
}

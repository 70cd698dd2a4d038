//! The steps of §9.2.6 as the standard writes them, for a stream that is there as a whole: no step is merged with another, nothing is fast.

/// What comes of a stream.
#[derive(Debug, Default)]
pub(crate) struct Interpreted {
    /// Type, data and last event ID of each event that is dispatched.
    pub(crate) events: Vec<(String, String, String)>,
    pub(crate) last_event_id: String,
    pub(crate) reconnection_time: Option<u64>,
}

/// "When a stream is parsed, a data buffer, an event type buffer, and a last event ID buffer must be associated with it."
#[derive(Debug, Default)]
struct Buffers {
    data: String,
    event_type: String,
    last_event_id: String,
}

pub(crate) fn interpret(stream: &[u8]) -> Interpreted {
    let (mut buffers, mut source) = (Buffers::default(), Interpreted::default());
    for line in lines(&utf_8_decode(stream)) {
        if line.is_empty() {
            dispatch(&mut buffers, &mut source);
        } else if line.starts_with(':') {
            // "Ignore the line."
        } else if let Some((field, value)) = line.split_once(':') {
            let value = value.strip_prefix(' ').unwrap_or(value);
            process(field, value, &mut buffers, &mut source);
        } else {
            process(&line, "", &mut buffers, &mut source);
        }
    }
    source
}

/// Encoding Standard, "UTF-8 decode".
fn utf_8_decode(stream: &[u8]) -> String {
    let stream = stream.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(stream);
    String::from_utf8_lossy(stream).into_owned()
}

/// The lines that have an end. What stands behind the last end is none: "once the end of the file is reached, any pending data must be discarded".
fn lines(text: &str) -> Vec<String> {
    let (mut lines, mut line) = (Vec::new(), String::new());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\r' => {
                characters.next_if_eq(&'\n');
                lines.push(std::mem::take(&mut line));
            }
            '\n' => lines.push(std::mem::take(&mut line)),
            other => line.push(other),
        }
    }
    lines
}

fn process(field: &str, value: &str, buffers: &mut Buffers, source: &mut Interpreted) {
    match field {
        "event" => buffers.event_type = value.to_owned(),
        "data" => {
            buffers.data += value;
            buffers.data.push('\n');
        }
        "id" if !value.contains('\0') => buffers.last_event_id = value.to_owned(),
        // An empty value has no digits: web-platform-tests has it ignored.
        "retry" if !value.is_empty() && value.chars().all(|c| c.is_ascii_digit()) => {
            source.reconnection_time = Some(value.parse().unwrap_or(u64::MAX));
        }
        _ => {}
    }
}

fn dispatch(buffers: &mut Buffers, source: &mut Interpreted) {
    source.last_event_id.clone_from(&buffers.last_event_id);
    if buffers.data.is_empty() {
        buffers.event_type.clear();
        return;
    }
    if buffers.data.ends_with('\n') {
        buffers.data.pop();
    }
    let mut event_type = "message".to_owned();
    if !buffers.event_type.is_empty() {
        event_type.clone_from(&buffers.event_type);
    }
    let data = std::mem::take(&mut buffers.data);
    buffers.event_type.clear();
    let last_event_id = source.last_event_id.clone();
    source.events.push((event_type, data, last_event_id));
}

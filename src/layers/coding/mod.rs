//! Content codings (RFC 9110 §8.4), decoded as they arrive.
//!
//! Coded bytes come in piece by piece, decoded bytes go out in pieces of bounded size as soon as the coding gives them: what a
//! piece yields belongs to the frames of that piece. A bomb costs time, not memory, and not much of that.

mod brotli;
mod gzip;
mod inflate;
mod zstandard;

use crate::model::{FrameNo, limits};
use smol_str::SmolStr;

/// The codings of one body, undone in reverse order. Without any, bytes pass through.
#[derive(Default)]
pub(crate) struct Chain(Option<Box<Coded>>);

/// A body with codings.
#[derive(Default)]
struct Coded {
    /// In the order in which they are undone.
    stages: Vec<Stage>,
    /// Since the beginning.
    all: Count,
    /// Before the frame that is being read.
    before: Count,
    frame: FrameNo,
}

/// What was decoded.
#[derive(Clone, Copy, Default)]
struct Count {
    /// Frames that brought some of it.
    frames: u64,
    /// Coded bytes.
    taken: u64,
    /// Decoded bytes.
    given: u64,
    /// What was made of them.
    items: u64,
}

/// Decodes one coding.
trait Decode: Send {
    /// Decodes from `input`, which it shortens, into `output`; returns how much it wrote. It is called again until it has
    /// used up its input and left room in its output.
    fn decode(&mut self, input: &mut &[u8], output: &mut [u8]) -> Result<usize, String>;

    /// How much it keeps of what it has decoded, at most, bytes; 0 where that is a fixed part of it.
    fn window(&self) -> usize {
        0
    }

    /// Bytes of memory, roughly.
    fn memory(&self) -> usize;
}

struct Stage {
    decoder: Box<dyn Decode>,
    /// What it has decoded, bytes.
    given: u64,
}

/// What a Content-Encoding turned out to be.
pub(crate) struct Opened {
    /// The decoders; `None` if the body cannot be decoded.
    pub(crate) chain: Option<Chain>,
    /// What a reader should know about it.
    pub(crate) trouble: Option<String>,
}

/// Decoded bytes are handed on in pieces of at most this size.
const PIECE: usize = 16 * 1024;

/// Codings that are registered (IANA, HTTP Content Coding Registry) and not decoded here.
const NOT_DECODED: [&str; 7] = [
    "aes128gcm",
    "compress",
    "dcb",
    "dcz",
    "exi",
    "pack200-gzip",
    "x-compress",
];

/// The decoders for codings that were applied in this order.
pub(crate) fn open(codings: &[SmolStr]) -> Opened {
    let mut coded = Coded::default();
    let mut trouble = None;
    if codings.len() > limits::CODINGS {
        return Opened {
            chain: None,
            trouble: Some(format!(
                "more than {} codings: the body is not decoded",
                limits::CODINGS
            )),
        };
    }
    for coding in codings.iter().rev() {
        let decoder: Box<dyn Decode> = match coding.as_str() {
            "identity" => continue,
            "gzip" | "x-gzip" => Box::new(gzip::Gzip::new()),
            "deflate" => Box::new(inflate::Deflate::new()),
            "br" => Box::new(brotli::Brotli::new()),
            "zstd" => match zstandard::Zstandard::new() {
                Ok(decoder) => Box::new(decoder),
                Err(error) => {
                    return Opened {
                        chain: None,
                        trouble: Some(format!("the zstd decoder does not start: {error}")),
                    };
                }
            },
            other if NOT_DECODED.contains(&other) => {
                return Opened {
                    chain: None,
                    trouble: Some(format!("the coding {other} is not decoded")),
                };
            }
            // What no registry knows (`none`, `utf-8`) is a mistake for identity; browsers pass such a body through.
            other => {
                trouble = Some(format!(
                    "\"{other}\" is no coding that is known: the body is read as it is"
                ));
                continue;
            }
        };
        coded.stages.push(Stage { decoder, given: 0 });
    }
    let coded = (!coded.stages.is_empty()).then(|| Box::new(coded));
    Opened {
        chain: Some(Chain(coded)),
        trouble,
    }
}

impl Chain {
    /// Whether bytes pass through as they are.
    pub(crate) fn is_identity(&self) -> bool {
        self.0.is_none()
    }

    /// Decoded bytes so far.
    pub(crate) fn given(&self) -> u64 {
        self.0.as_ref().map_or(0, |coded| coded.all.given)
    }

    /// Whether so much may be kept of what it has given. After an error nothing more can be decoded.
    pub(crate) fn may_leave(&self, unfinished: usize) -> Result<(), String> {
        let Some(coded) = &self.0 else {
            return Ok(());
        };
        let Count { frames, taken, .. } = coded.all;
        let left = (unfinished + coded.history()) as u64;
        let most = frames * limits::DECODED_HELD_FREE + taken * limits::DECODED_HELD_RATIO;
        if left > most {
            return Err(format!(
                "decompression-limit: {taken} coded bytes became {left} that have to be kept"
            ));
        }
        Ok(())
    }

    /// Bytes of memory on the heap, roughly.
    pub(crate) fn memory(&self) -> usize {
        let stages = self.0.iter().flat_map(|coded| &coded.stages);
        stages
            .map(|stage| stage.decoder.memory() + size_of::<Stage>())
            .sum()
    }

    /// Decodes `input`, which `frame` brought, and hands on what it yields; the sink says how many items it has made of all that. After an error nothing more can be decoded.
    pub(crate) fn feed(
        &mut self,
        input: &[u8],
        frame: FrameNo,
        mut sink: impl FnMut(&[u8]) -> u64,
    ) -> Result<(), String> {
        let Some(coded) = &mut self.0 else {
            sink(input);
            return Ok(());
        };
        let Coded {
            stages,
            all,
            before,
            frame: last,
        } = &mut **coded;
        if std::mem::replace(last, frame) != frame {
            *before = *all;
            all.frames += 1;
        }
        all.taken += input.len() as u64;
        run(stages, input, &mut |piece| {
            all.given += piece.len() as u64;
            all.bytes(limits::DECODED_FREE)?;
            all.since(before).bytes(limits::DECODED_FREE)?;
            all.items = sink(piece);
            all.number(limits::DECODED_ITEMS_FREE)?;
            all.since(before).number(limits::DECODED_ITEMS_AT_ONCE)
        })
    }
}

impl Coded {
    /// What its decoders keep of what they have decoded, bytes.
    fn history(&self) -> usize {
        let kept = |stage: &Stage| {
            let window = stage.decoder.window();
            usize::try_from(stage.given).map_or(window, |given| given.min(window))
        };
        self.stages.iter().map(kept).sum()
    }
}

impl Count {
    fn since(&self, before: &Count) -> Count {
        Count {
            frames: self.frames - before.frames,
            taken: self.taken - before.taken,
            given: self.given - before.given,
            items: self.items.saturating_sub(before.items),
        }
    }

    /// Whether there are not too many decoded bytes.
    fn bytes(&self, free: u64) -> Result<(), String> {
        let Count { taken, given, .. } = self;
        if *given > free && given / limits::DECODED_RATIO > *taken {
            return Err(format!(
                "decompression-limit: {taken} coded bytes became more than {given}"
            ));
        }
        Ok(())
    }

    /// Whether there are not too many items.
    fn number(&self, free: u64) -> Result<(), String> {
        let Count { taken, items, .. } = self;
        if *items > free + taken / limits::DECODED_ITEM {
            return Err(format!(
                "decompression-limit: {taken} coded bytes became more than {items} events"
            ));
        }
        Ok(())
    }
}

/// Runs `input` through the stages, each piece to the end before the next is made.
fn run(
    stages: &mut [Stage],
    input: &[u8],
    sink: &mut dyn FnMut(&[u8]) -> Result<(), String>,
) -> Result<(), String> {
    let Some((stage, later)) = stages.split_first_mut() else {
        return sink(input);
    };
    let mut rest = input;
    let mut output = [0; PIECE];
    loop {
        let before = rest.len();
        let written = stage.decoder.decode(&mut rest, &mut output)?;
        stage.given += written as u64;
        if let Some(piece @ [_, ..]) = output.get(..written) {
            run(later, piece, sink)?;
        }
        // A full output may have more behind it, even where the input is used up.
        let goes_on = written == PIECE || !rest.is_empty();
        if !goes_on {
            return Ok(());
        }
        if written == 0 && rest.len() == before {
            return Err("the decoder makes nothing of its data".to_owned());
        }
    }
}

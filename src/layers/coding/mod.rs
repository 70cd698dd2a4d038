//! Content codings (RFC 9110 §8.4), decoded as they arrive.
//!
//! Coded bytes come in piece by piece, decoded bytes go out in pieces of bounded size as soon as the coding gives them: what a
//! piece yields belongs to the frames of that piece. A bomb costs time, not memory, and not much of that.

mod brotli;
mod gzip;
mod inflate;
mod zstandard;

use crate::model::limits;

/// The codings of one body, undone in reverse order. Without any, bytes pass through.
#[derive(Default)]
pub(crate) struct Chain {
    /// In the order in which they are undone.
    stages: Vec<Stage>,
    /// Coded bytes so far.
    taken: u64,
    /// Decoded bytes so far.
    given: u64,
}

/// Decodes one coding.
trait Decode: Send {
    /// Decodes from `input`, which it shortens, into `output`; returns how much it wrote. It is called again until it has
    /// used up its input and left room in its output.
    fn decode(&mut self, input: &mut &[u8], output: &mut [u8]) -> Result<usize, String>;

    /// Bytes of memory, roughly.
    fn memory(&self) -> usize;
}

struct Stage {
    decoder: Box<dyn Decode>,
    output: Box<[u8]>,
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
pub(crate) fn open(codings: &[String]) -> Opened {
    let mut chain = Chain::default();
    let mut trouble = None;
    if codings.len() > limits::CODINGS {
        return Opened {
            chain: None,
            trouble: Some(format!(
                "more than {} content codings: the body is not decoded",
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
                    trouble: Some(format!("the content coding {other} is not decoded")),
                };
            }
            // What no registry knows (`none`, `utf-8`) is a mistake for identity; browsers pass such a body through.
            other => {
                trouble = Some(format!(
                    "\"{other}\" is no content coding: the body is read as it is"
                ));
                continue;
            }
        };
        chain.stages.push(Stage {
            decoder,
            output: vec![0; PIECE].into_boxed_slice(),
        });
    }
    Opened {
        chain: Some(chain),
        trouble,
    }
}

impl Chain {
    /// Whether bytes pass through as they are.
    pub(crate) fn is_identity(&self) -> bool {
        self.stages.is_empty()
    }

    /// Decoded bytes so far.
    pub(crate) fn given(&self) -> u64 {
        self.given
    }

    /// Bytes of memory on the heap, roughly.
    pub(crate) fn memory(&self) -> usize {
        let stages = self.stages.iter();
        stages
            .map(|stage| stage.decoder.memory() + size_of::<Stage>() + stage.output.len())
            .sum()
    }

    /// Decodes `input` and hands on what it yields; the sink says how many items it has made of all that. After an error nothing more can be decoded.
    pub(crate) fn feed(
        &mut self,
        input: &[u8],
        mut sink: impl FnMut(&[u8]) -> u64,
    ) -> Result<(), String> {
        if self.stages.is_empty() {
            sink(input);
            return Ok(());
        }
        self.taken += input.len() as u64;
        let (taken, given) = (self.taken, &mut self.given);
        run(&mut self.stages, input, &mut |piece| {
            *given += piece.len() as u64;
            if *given > limits::DECODED_FREE && *given / limits::DECODED_RATIO > taken {
                return Err(format!(
                    "decompression-limit: {taken} coded bytes became more than {given}"
                ));
            }
            let items = sink(piece);
            if items > limits::DECODED_ITEMS_FREE + taken / limits::DECODED_ITEM {
                return Err(format!(
                    "decompression-limit: {taken} coded bytes became more than {items} events"
                ));
            }
            Ok(())
        })
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
    loop {
        let before = rest.len();
        let written = stage.decoder.decode(&mut rest, &mut stage.output)?;
        if let Some(piece @ [_, ..]) = stage.output.get(..written) {
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

//! Content codings.

use crate::script::{CHUNKED, GET, Script, chunk};
use flate2::{Compress, Compression, FlushCompress};
use ssetrace::model::EndKind;
use std::io::Write;

/// Codes pieces one after the other, each with a flush behind it; the last piece of the result is the end.
pub(crate) fn coded(coding: &str, pieces: &[&[u8]]) -> Vec<Vec<u8>> {
    match coding {
        "identity" => pieces
            .iter()
            .map(|piece| piece.to_vec())
            .chain([vec![]])
            .collect(),
        "gzip" => {
            let encoder = flate2::write::GzEncoder::new(Vec::new(), Compression::default());
            written(
                encoder,
                pieces,
                |encoder| encoder.get_mut(),
                |encoder| encoder.finish().unwrap(),
            )
        }
        "deflate" => {
            let encoder = flate2::write::ZlibEncoder::new(Vec::new(), Compression::default());
            written(
                encoder,
                pieces,
                |encoder| encoder.get_mut(),
                |encoder| encoder.finish().unwrap(),
            )
        }
        "raw deflate" => raw_deflate(pieces),
        "zstd" => {
            let encoder = zstd::stream::write::Encoder::new(Vec::new(), 3).unwrap();
            written(
                encoder,
                pieces,
                |encoder| encoder.get_mut(),
                |encoder| encoder.finish().unwrap(),
            )
        }
        "br" => brotli_stored(pieces),
        other => unreachable!("{other}"),
    }
}

/// RFC 7932 §9.2: each piece is a meta-block as it is, which ends on a byte's border as a flush does.
fn brotli_stored(pieces: &[&[u8]]) -> Vec<Vec<u8>> {
    let mut coded = Vec::new();
    for (place, piece) in pieces.iter().enumerate() {
        // From the lowest bit on: of the stream's header WBITS 0 (a window of 64 KiB), once; then ISLAST 0, MNIBBLES 0 (four), MLEN - 1, ISUNCOMPRESSED 1.
        let header = ((piece.len() as u32 - 1) << 3) | 1 << 19;
        let header = if place == 0 { header << 1 } else { header };
        coded.push([&header.to_le_bytes()[..3], piece].concat());
    }
    coded.push(vec![0b11]); // ISLAST, ISLASTEMPTY
    coded
}

fn written<W: Write>(
    mut encoder: W,
    pieces: &[&[u8]],
    out: impl Fn(&mut W) -> &mut Vec<u8>,
    finish: impl FnOnce(W) -> Vec<u8>,
) -> Vec<Vec<u8>> {
    let mut coded = Vec::new();
    for piece in pieces {
        encoder.write_all(piece).unwrap();
        encoder.flush().unwrap();
        coded.push(std::mem::take(out(&mut encoder)));
    }
    coded.push(finish(encoder));
    coded
}

fn raw_deflate(pieces: &[&[u8]]) -> Vec<Vec<u8>> {
    let mut compress = Compress::new(Compression::default(), false);
    let mut code = |piece: &[u8], flush| {
        let mut out = Vec::with_capacity(piece.len() + 1_000);
        compress.compress_vec(piece, &mut out, flush).unwrap();
        out
    };
    let mut coded: Vec<_> = pieces
        .iter()
        .map(|piece| code(piece, FlushCompress::Sync))
        .collect();
    coded.push(code(b"", FlushCompress::Finish));
    coded
}

/// The events below with a flush after each, as a browser was given them: brotli, quality 5, window 18.
const BROTLI: [&[u8]; 3] = [
    b"\x03\x06\x80data: hello\x0a\x0a",
    b"\x90\x00\x00@J\x01$\x17\x91\x04\x98j\xb03\x0d\x03",
    b"\x03",
];

pub(crate) const CODINGS: [&str; 5] = ["gzip", "deflate", "raw deflate", "zstd", "br"];

const EVENTS: [&[u8]; 2] = [b"data: hello\n\n", b"data: hello again\n\n"];

pub(crate) fn head(coding: &str) -> String {
    CHUNKED.replace(
        "\r\n\r\n",
        &format!("\r\nContent-Encoding: {coding}\r\n\r\n"),
    )
}

pub(crate) fn name(coding: &str) -> &str {
    coding.trim_start_matches("raw ")
}

fn events_coded(coding: &str) -> Vec<Vec<u8>> {
    match coding {
        "br" => BROTLI.iter().map(|piece| piece.to_vec()).collect(),
        _ => coded(coding, &EVENTS),
    }
}

#[test]
fn each_coding_with_a_flush_after_each_event_names_the_frames_of_the_plain_stream() {
    for coding in CODINGS {
        let pieces = events_coded(coding);
        let script = pieces
            .iter()
            .filter(|piece| !piece.is_empty())
            .fold(Script::stream(&head(name(coding))), |script, piece| {
                script.server(chunk(piece))
            })
            .server("0\r\n\r\n");
        let events: Vec<_> = script
            .told()
            .into_iter()
            .filter(|line| line.contains("event "))
            .collect();
        assert_eq!(
            events,
            [
                "3 S0 event 1 message \"hello\" frames 3-3 chunks 1-1",
                "4 S0 event 2 message \"hello again\" frames 4-4 chunks 2-2",
            ],
            "{coding}"
        );
        let ending = script.endings()[0];
        let bytes: usize = pieces.iter().map(Vec::len).sum();
        assert_eq!(
            (ending.body_bytes, ending.data_bytes),
            (bytes as u64, 16),
            "{coding}"
        );
        assert!(!script.told().iter().any(|line| line.contains("trouble")));
    }
}

#[test]
fn each_coding_is_read_byte_by_byte() {
    for coding in CODINGS {
        let whole = events_coded(coding).concat();
        let script = Script::stream(&head(name(coding)));
        let script = whole
            .iter()
            .fold(script, |script, byte| script.server(chunk([*byte])));
        assert_eq!(
            script.data_of_events(),
            ["hello", "hello again"],
            "{coding}"
        );
    }
}

#[test]
fn an_event_is_there_at_the_latest_with_the_last_byte_of_the_flush_behind_it() {
    for coding in CODINGS {
        let pieces = events_coded(coding);
        let script = Script::stream(&head(name(coding)).replace("chunked", "identity"));
        let script = pieces
            .concat()
            .iter()
            .fold(script, |script, byte| script.server([*byte]));
        let mut flushed = 2;
        for (event, piece) in script.events().iter().zip(&pieces) {
            let there = event.span.there.frame.0;
            assert!(there > flushed, "{coding}: not before it");
            flushed += piece.len() as u64;
            assert!(
                there <= flushed,
                "{coding}: in {there}, flushed in {flushed}"
            );
        }
        assert_eq!(script.events().len(), 2);
    }
}

#[test]
fn several_codings_are_undone_in_reverse_order() {
    let inner = coded("gzip", &[&EVENTS.concat()]).concat();
    let outer = coded("zstd", &[&inner]).concat();
    let script = Script::stream(&head("GZIP, zstd")).server(chunk(outer));
    assert_eq!(script.data_of_events(), ["hello", "hello again"]);
}

#[test]
fn a_transfer_coding_before_chunked_is_undone_too() {
    let gzip = coded("gzip", &[EVENTS[0]]).concat();
    let script = Script::stream(&CHUNKED.replace("chunked", "gzip, chunked")).server(chunk(gzip));
    assert_eq!(script.data_of_events(), ["hello"]);
}

#[test]
fn gzip_members_follow_each_other_and_their_headers_may_say_anything() {
    let plain = coded("gzip", &[EVENTS[0]]).concat();
    let named = flate2::GzBuilder::new()
        .filename("a")
        .comment("b")
        .extra(vec![1, 2, 3]);
    let mut encoder = named.write(Vec::new(), Compression::fast());
    encoder.write_all(EVENTS[1]).unwrap();
    let members = [plain, encoder.finish().unwrap(), vec![0; 20]].concat();
    for size in [1, 7, members.len()] {
        let script = Script::stream(&head("x-gzip"));
        let script = members
            .chunks(size)
            .fold(script, |script, piece| script.server(chunk(piece)));
        assert_eq!(script.data_of_events(), ["hello", "hello again"]);
        assert!(!script.told().iter().any(|line| line.contains("trouble")));
    }
}

#[test]
fn a_missing_gzip_trailer_is_no_trouble() {
    let mut pieces = coded("gzip", &EVENTS);
    pieces.pop();
    let script = Script::stream(&head("gzip"))
        .server(chunk(pieces.concat()))
        .server("0\r\n\r\n");
    assert_eq!(script.data_of_events(), ["hello", "hello again"]);
    assert!(!script.told().iter().any(|line| line.contains("trouble")));
}

#[test]
fn broken_data_is_said_once_and_the_connection_goes_on() {
    for coding in CODINGS {
        let script = Script::stream(&head(name(coding)))
            .server(chunk([0xFF; 40]))
            .server(chunk([0xFF; 40]))
            .server("0\r\n\r\n")
            .client(GET)
            .server(CHUNKED)
            .server(chunk("data: a\n\n"));
        let troubles: Vec<_> = script
            .told()
            .into_iter()
            .filter(|line| line.contains("trouble"))
            .collect();
        assert_eq!(troubles.len(), 1, "{coding}: {troubles:?}");
        assert!(troubles[0].ends_with("the rest of the body is not decoded"));
        assert_eq!(script.data_of_events(), ["a"], "{coding}");
        assert_eq!(script.endings()[0].body_bytes, 80);
    }
}

#[test]
fn a_gzip_checksum_that_does_not_match_is_said() {
    let mut whole = coded("gzip", &[EVENTS[0]]).concat();
    let crc = whole.len() - 8;
    whole[crc] ^= 1;
    let script = Script::stream(&head("gzip")).server(chunk(whole));
    assert!(script.told().iter().any(|line| line.contains("checksum")));
}

#[test]
fn a_coding_that_is_not_decoded_is_said_and_one_that_is_none_is_read_through() {
    let script = Script::stream(&head("compress"))
        .server(chunk("data: a\n\n"))
        .server("0\r\n\r\n");
    assert!(
        script
            .told()
            .contains(&"2 S0 trouble: the coding compress is not decoded".into())
    );
    assert!(script.data_of_events().is_empty());
    let script = Script::stream(&head("none")).server(chunk("data: a\n\n"));
    assert!(script.told().contains(
        &"2 S0 trouble: \"none\" is no coding that is known: the body is read as it is".into()
    ));
    assert_eq!(script.data_of_events(), ["a"]);
    let script = Script::stream(&head("identity")).server(chunk("data: a\n\n"));
    assert_eq!(script.data_of_events(), ["a"]);
    assert!(!script.told().iter().any(|line| line.contains("trouble")));
}

#[test]
fn too_many_codings_are_refused() {
    let script = Script::stream(&head("gzip,gzip,gzip,gzip,gzip,gzip"));
    assert!(
        script
            .told()
            .iter()
            .any(|line| line.contains("more than 5 codings"))
    );
}

#[test]
fn a_bomb_of_small_events_is_given_up_before_they_fill_the_memory() {
    let events = "data: x\n\n".repeat(1 << 20);
    for coding in ["gzip", "deflate"] {
        let bomb = coded(coding, &[events.as_bytes()]).concat();
        let script = Script::stream(&head(coding))
            .server(chunk(&bomb))
            .server("0\r\n\r\n");
        let told = script.told();
        assert!(
            told.iter().any(|line| line.contains("decompression-limit")),
            "{coding}"
        );
        assert!(script.events().len() < 300_000, "{coding}");
        assert_eq!(script.endings()[0].end.kind, EndKind::TerminatingChunk);
    }
    // As many that are not alike take their bytes.
    let unlike: String = (0..300_000u32)
        .map(|n| format!("data: {}\n\n", u64::from(n) * 7919 % 1_000_003))
        .collect();
    let script =
        Script::stream(&head("gzip")).server(chunk(coded("gzip", &[unlike.as_bytes()]).concat()));
    assert_eq!(script.events().len(), 300_000);
}

#[test]
fn a_bomb_is_given_up() {
    let zeros = vec![b'\n'; 64 << 20];
    let bomb = coded("zstd", &[&zeros]).concat();
    assert!(bomb.len() < 10_000);
    let script = Script::stream(&head("zstd"))
        .server(chunk(&bomb))
        .server("0\r\n\r\n");
    assert!(
        script
            .told()
            .iter()
            .any(|line| line.contains("decompression-limit"))
    );
    assert_eq!(script.endings()[0].body_bytes, bomb.len() as u64);
}

#[test]
fn a_coder_that_holds_events_back_is_seen_bytes_arrive_and_nothing_is_decoded() {
    let whole = coded("gzip", &[EVENTS[0], EVENTS[1]]).concat();
    let script = Script::stream(&head("gzip"))
        .server(chunk(&whole[..10]))
        .server(chunk(&whole[10..]));
    assert_eq!(
        script.told_from(3),
        [
            "3 S0 chunk 1, 10".to_owned(),
            "3 S0 decoded 0".to_owned(),
            format!("4 S0 chunk 2, {}", whole.len() - 10),
            "4 S0 event 1 message \"hello\" frames 4-4 chunks 2-2".to_owned(),
            "4 S0 event 2 message \"hello again\" frames 4-4 chunks 2-2".to_owned(),
            "4 S0 decoded 32".to_owned(),
        ]
    );
}

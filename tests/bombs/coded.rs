//! Bodies that inflate without end, made of one piece that is repeated: each encoder was flushed behind it, so that the next one may follow.

use flate2::{Compress, Compression, FlushCompress};
use std::io::Write;

/// How much each body becomes, bytes.
pub(crate) const GIBIBYTE: usize = 1 << 30;

/// Codings, as a Content-Encoding names them.
pub(crate) const CODINGS: [&str; 5] = ["gzip", "deflate", "br", "zstd", "gzip, gzip"];

/// `unit`, again and again, in that coding.
pub(crate) fn bomb(coding: &str, unit: &str) -> Vec<u8> {
    let piece = unit.repeat((1 << 20) / unit.len());
    let times = GIBIBYTE.div_ceil(piece.len());
    match coding {
        "gzip" => [GZIP_HEAD, &deflated(&piece, times)].concat(),
        "deflate" => [&[0x78, 0xDA], deflated(&piece, times).as_slice()].concat(),
        "zstd" => zstd::encode_all(piece.as_bytes(), 3).unwrap().repeat(times),
        "br" => brotli(GIBIBYTE),
        "gzip, gzip" => gzip(&bomb("gzip", unit)),
        other => unreachable!("{other}"),
    }
}

/// RFC 1952 §2.3: deflate, and nothing else is told.
const GZIP_HEAD: &[u8] = &[0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF];

pub(crate) fn deflated(piece: &str, times: usize) -> Vec<u8> {
    let mut compress = Compress::new(Compression::best(), false);
    let mut next = || {
        let mut out = Vec::with_capacity(piece.len());
        compress
            .compress_vec(piece.as_bytes(), &mut out, FlushCompress::Sync)
            .unwrap();
        out
    };
    let (first, again) = (next(), if times > 1 { next() } else { Vec::new() });
    [first, again.repeat(times - 1)].concat()
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// So many bytes at least, all of them `x`, as node's encoder gives 16 MiB of them with a flush behind: the first time, and each time after.
fn brotli(bytes: usize) -> Vec<u8> {
    const FIRST: [u8; 27] = [
        0xcb, 0xff, 0xff, 0x3f, 0x00, 0x24, 0xf0, 0xe2, 0xb1, 0x40, 0x72, 0xef, 0xff, 0xf8, 0xff,
        0xff, 0x07, 0x80, 0x04, 0x40, 0x1c, 0x16, 0x80, 0xee, 0xfd, 0x9f, 0x01,
    ];
    const AGAIN: [u8; 26] = [
        0xfc, 0xff, 0xff, 0x03, 0x40, 0x02, 0x20, 0x0e, 0x0b, 0x40, 0xf7, 0xfe, 0x8f, 0xff, 0xff,
        0x7f, 0x00, 0x48, 0x00, 0xc4, 0x61, 0x01, 0xe8, 0xde, 0xff, 0x19,
    ];
    [&FIRST[..], &AGAIN.repeat(bytes.div_ceil(16 << 20) - 1)].concat()
}

//! How a response's body is framed (RFC 9112 §6.3, items 3 to 8), and which codings were applied to it.

use super::body::Body;
use super::fields::{self, Codings, Length, Transfer};
use crate::model::{Framing, ResponseHead};

/// How a response's body is framed.
#[derive(Default)]
pub(super) struct Framed {
    pub(super) framing: Option<Framing>,
    pub(super) body: Option<Body>,
    /// The codings to undo, in the order in which they were applied: content codings, then transfer codings.
    pub(super) codings: Codings,
    pub(super) trouble: Option<&'static str>,
}

impl Framed {
    /// RFC 9112 §6.3, items 3 to 8.
    pub(super) fn of(response: &ResponseHead) -> Framed {
        let mut codings = fields::content_codings(&response.fields);
        let mut trouble = fields::two_framings(&response.fields, &response.version);
        let (framing, body) = match fields::transfer(&response.fields) {
            // Items 3 and 4: Transfer-Encoding overrides Content-Length.
            Transfer::Chunked(more) => {
                codings.extend(more);
                (Framing::Chunked, Body::chunked())
            }
            Transfer::Other(more) => {
                codings.extend(more);
                (Framing::Close, Body::Close)
            }
            Transfer::Absent => match fields::content_length(&response.fields) {
                // Item 6.
                Length::Bytes(bytes) => (Framing::ContentLength, Body::Length(bytes)),
                // Item 8.
                Length::Absent => (Framing::Close, Body::Close),
                // Item 5: clients give up here or read on up to the end of the connection.
                Length::Invalid => {
                    trouble = Some(
                        "the Content-Length is no length; the body is read up to the end of the connection",
                    );
                    (Framing::Close, Body::Close)
                }
            },
        };
        Framed {
            framing: Some(framing),
            body: Some(body),
            codings,
            trouble,
        }
    }
}

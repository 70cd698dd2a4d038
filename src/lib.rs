//! ssetrace sees Server-Sent Events on the wire.
//!
//! The map of the house (docs/ARCHITECTURE.md walks through it). Arrows run down only:
//!
//! ```text
//! main → cli → report, timeline, analyzer, capture → layers, tcp, decode → model
//! ```
//!
//! A frame comes from [`capture`], becomes a segment in [`decode`], gets its TCP facts and is put in order in [`tcp`], is read
//! as HTTP and as an event stream in [`layers`], becomes a numbered row in [`timeline`], and is written by [`report`].
//! [`analyzer`] joins them; [`model`] holds the words that all of them speak.

pub mod analyzer;
pub mod capture;
pub mod cli;
pub mod decode;
pub mod layers;
pub mod model;
pub mod report;
pub mod tcp;
pub mod timeline;

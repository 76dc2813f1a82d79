//! The files of the page, and one of them as an answer: its encoding, its tag, and how long it may be kept.

use super::encoding::Encoding;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;

/// What was packed into this binary.
static PACKED: &[File] = include!(concat!(env!("OUT_DIR"), "/page.rs"));

/// A file of the page.
#[derive(Debug)]
pub struct File {
    /// From the page's top, without a slash before it.
    pub path: &'static str,
    /// Its `Content-Type`.
    pub media_type: &'static str,
    /// Of what it holds.
    pub hash: &'static str,
    /// As it is.
    pub plain: &'static [u8],
    /// Compressed, where that is smaller.
    pub brotli: Option<&'static [u8]>,
    /// Compressed, where that is smaller.
    pub gzip: Option<&'static [u8]>,
}

/// How long an answer may be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    /// The name says what it holds.
    ForEver,
    /// Until it is asked for again, by its tag.
    ToAskAgain,
}

/// The files of a page, in order of their paths.
#[derive(Clone, Copy, Debug)]
pub struct Page(&'static [File]);

impl Page {
    /// What was packed into this binary; empty where the page was not built before it.
    #[must_use]
    pub const fn packed() -> Self {
        Self(PACKED)
    }

    /// Whether there is one.
    #[must_use]
    pub const fn is_built(self) -> bool {
        !self.0.is_empty()
    }

    /// A page of these files, in order of their paths.
    #[cfg(test)]
    pub(super) const fn of(files: &'static [File]) -> Self {
        Self(files)
    }

    /// The file at a path.
    pub(super) fn file(self, path: &str) -> Option<&'static File> {
        let found = self.0.binary_search_by(|file| file.path.cmp(path));
        found.ok().map(|at| &self.0[at])
    }
}

impl File {
    /// The file, or, to who has it already, that it is still so (RFC 9110 §13.1.2).
    pub(super) fn answer(&'static self, headers: &HeaderMap, kept: Kept) -> Response {
        let encoding = Encoding::chosen(headers, |encoding| self.bytes(encoding).is_some());
        let tag = self.tag(encoding);
        let known = is_known(headers, &tag);
        let mut response = Response::new(if known {
            Body::empty()
        } else {
            Body::from(Bytes::from_static(self.bytes(encoding).unwrap_or(self.plain)))
        });
        if known {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        }
        let answer = response.headers_mut();
        answer.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        answer.insert(header::CACHE_CONTROL, HeaderValue::from_static(kept.says()));
        answer.insert(
            header::ETAG,
            HeaderValue::try_from(tag).expect("a tag is visible ASCII"),
        );
        if !known {
            answer.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.media_type));
            if let Some(name) = encoding.name() {
                answer.insert(header::CONTENT_ENCODING, HeaderValue::from_static(name));
            }
        }
        response
    }

    const fn bytes(&self, encoding: Encoding) -> Option<&'static [u8]> {
        match encoding {
            Encoding::Identity => Some(self.plain),
            Encoding::Brotli => self.brotli,
            Encoding::Gzip => self.gzip,
        }
    }

    /// Each encoding has a tag of its own, for its bytes are others.
    fn tag(&self, encoding: Encoding) -> String {
        let hash = self.hash;
        match encoding.name() {
            Some(name) => format!("\"{hash}-{name}\""),
            None => format!("\"{hash}\""),
        }
    }
}

impl Kept {
    const fn says(self) -> &'static str {
        match self {
            Self::ForEver => "public, max-age=31536000, immutable",
            Self::ToAskAgain => "no-cache",
        }
    }
}

/// Compared weakly: a proxy that packs anew says `W/`.
fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let lines = headers.get_all(header::IF_NONE_MATCH).iter();
    let mut tags = lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .map(str::trim);
    tags.any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

//! Who asks: what a request's headers say about it, for both doors.
//!
//! What must hold: a cookie counts only where the page that sends it is ours or listed (a browser sends cookies by
//! itself); a token never stands in a URL.

use crate::error::{Error, Name};
use axum::http::{HeaderMap, Method, header};

/// The cookie of the access token.
pub const ACCESS_COOKIE: &str = "roomlog_access";
/// The cookie of the refresh token.
pub const REFRESH_COOKIE: &str = "roomlog_refresh";

/// The token that a request carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presented<'h> {
    /// In `Authorization: Bearer`.
    Bearer(&'h str),
    /// In the cookie.
    Cookie(&'h str),
    /// None.
    Nothing,
}

/// What a request carries. The header goes before the cookie.
#[must_use]
pub fn presented(headers: &HeaderMap) -> Presented<'_> {
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        let text = value.to_str().unwrap_or_default();
        let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
        // An unknown scheme is an empty token: it is refused, the cookie does not stand in for it.
        return Presented::Bearer(if scheme.eq_ignore_ascii_case("bearer") {
            token.trim()
        } else {
            ""
        });
    }
    cookie(headers, ACCESS_COOKIE).map_or(Presented::Nothing, Presented::Cookie)
}

/// A cookie by its name.
#[must_use]
pub fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, value)| *key == name && !value.is_empty())
        .map(|(_, value)| value)
}

/// The origins whose pages may use cookies here: our own host, and those that are listed.
#[derive(Clone, Debug)]
pub struct Origins(Vec<String>);

impl Origins {
    /// The listed ones beside our own.
    #[must_use]
    pub fn new(listed: &[String]) -> Self {
        Self(
            listed
                .iter()
                .map(|origin| origin.trim_end_matches('/').to_lowercase())
                .collect(),
        )
    }

    /// Those that are listed.
    #[must_use]
    pub fn listed(&self) -> &[String] {
        &self.0
    }

    /// Whether the request's `Origin` is our own host or listed; without the header it is not.
    #[must_use]
    pub fn known(&self, headers: &HeaderMap) -> bool {
        let text = |name| {
            headers
                .get(name)
                .and_then(|value| value.to_str().ok())
                .map(str::to_lowercase)
        };
        let Some(origin) = text(header::ORIGIN) else {
            return false;
        };
        let host = origin.split_once("://").map(|(_, host)| host);
        self.0.contains(&origin) || (host.is_some() && host == text(header::HOST).as_deref())
    }

    /// Whether a request that changes something may count on its cookie: browsers say where it comes from, and what
    /// says nothing at all is no browser.
    ///
    /// # Errors
    /// `forbidden` for a page of another site.
    pub fn check_write(&self, method: &Method, headers: &HeaderMap) -> Result<(), Error> {
        let site = headers.get("sec-fetch-site").and_then(|value| value.to_str().ok());
        let same_site = matches!(site, Some("same-origin" | "none"));
        let no_browser = site.is_none() && !headers.contains_key(header::ORIGIN);
        if method.is_safe() || same_site || no_browser || self.known(headers) {
            Ok(())
        } else {
            Err(foreign())
        }
    }
}

/// What a page of another site is told.
#[must_use]
pub fn foreign() -> Error {
    Error::new(
        Name::Forbidden,
        "the page's origin is neither this host nor one of http.origins, so its cookie does not count",
    )
}

#[cfg(test)]
mod tests {
    use super::{Origins, Presented, presented};
    use axum::http::{HeaderMap, HeaderValue, Method};

    fn headers(list: &[(&'static str, &'static str)]) -> HeaderMap {
        list.iter()
            .map(|(name, value)| (name.parse().expect("a name"), HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn the_header_goes_before_the_cookie() {
        let both = headers(&[("authorization", "bearer a.b"), ("cookie", "x=1; roomlog_access=c.d")]);
        assert_eq!(presented(&both), Presented::Bearer("a.b"));
        assert_eq!(
            presented(&headers(&[("cookie", "x=1; roomlog_access=c.d")])),
            Presented::Cookie("c.d")
        );
        assert_eq!(
            presented(&headers(&[("authorization", "Basic eA==")])),
            Presented::Bearer("")
        );
        assert_eq!(
            presented(&headers(&[("cookie", "roomlog_access=")])),
            Presented::Nothing
        );
    }

    #[test]
    fn our_own_host_and_listed_origins_are_known() {
        let origins = Origins::new(&["https://Chat.example/".into()]);
        assert!(origins.known(&headers(&[("origin", "http://here:8080"), ("host", "here:8080")])));
        assert!(origins.known(&headers(&[("origin", "https://chat.example"), ("host", "here:8080")])));
        for origin in [
            "http://here",
            "http://evil",
            "null",
            "https://chat.example.evil",
            "here:8080",
        ] {
            let mut asked = headers(&[("host", "here:8080")]);
            asked.insert("origin", HeaderValue::from_static(origin));
            assert!(!origins.known(&asked), "{origin}");
        }
        assert!(!origins.known(&headers(&[("host", "here:8080")])));
    }

    #[test]
    fn a_foreign_page_writes_nothing_with_a_cookie() {
        let origins = Origins::new(&[]);
        let write = |list: &[_]| origins.check_write(&Method::POST, &headers(list)).is_ok();
        assert!(write(&[
            ("sec-fetch-site", "same-origin"),
            ("origin", "http://here"),
            ("host", "here")
        ]));
        assert!(write(&[("origin", "http://here"), ("host", "here")]));
        assert!(write(&[]), "no browser");
        assert!(!write(&[
            ("sec-fetch-site", "cross-site"),
            ("origin", "http://evil"),
            ("host", "here")
        ]));
        assert!(!write(&[("sec-fetch-site", "same-site"), ("host", "here")]));
        assert!(!write(&[("origin", "null"), ("host", "here")]));
    }
}

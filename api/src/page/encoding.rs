//! Which encoding of a file a client takes (RFC 9110 §12.5.3).

use axum::http::{HeaderMap, header};

/// How a file is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    /// As it is.
    Identity,
    /// `br`.
    Brotli,
    /// `gzip`.
    Gzip,
}

impl Encoding {
    /// Smallest first: what wins where a client likes several alike.
    const ALL: [Self; 3] = [Self::Brotli, Self::Gzip, Self::Identity];

    /// Its name in headers; none for a file as it is.
    pub(super) const fn name(self) -> Option<&'static str> {
        match self {
            Self::Identity => None,
            Self::Brotli => Some("br"),
            Self::Gzip => Some("gzip"),
        }
    }

    /// The one that the client likes best among those that are there; as it is where it likes none.
    pub(super) fn chosen(headers: &HeaderMap, there: impl Fn(Self) -> bool) -> Self {
        let weights = Weights::of(headers);
        let mut best = (Self::Identity, 0);
        for encoding in Self::ALL.into_iter().filter(|encoding| there(*encoding)) {
            let weight = weights.weight(encoding);
            if weight > best.1 {
                best = (encoding, weight);
            }
        }
        best.0
    }
}

/// What a client says of encodings, in thousandths.
struct Weights {
    named: Vec<(String, u16)>,
}

impl Weights {
    fn of(headers: &HeaderMap) -> Self {
        let lines = headers.get_all(header::ACCEPT_ENCODING).iter();
        let codings = lines
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(','));
        let named = codings.filter_map(|coding| {
            let mut parts = coding.split(';').map(str::trim);
            let name = parts.next().filter(|name| !name.is_empty())?.to_ascii_lowercase();
            let quality = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
            Some((name, quality.map_or(Some(1_000), thousandths)?))
        });
        Self { named: named.collect() }
    }

    /// Nobody but who refuses it refuses a file as it is.
    fn weight(&self, encoding: Encoding) -> u16 {
        let named = |wanted: &str| {
            self.named
                .iter()
                .find(|(name, _)| name == wanted)
                .map(|(_, weight)| *weight)
        };
        let any = named("*");
        match encoding.name() {
            Some(name) => named(name).or(any).unwrap_or(0),
            None => named("identity").or(any).unwrap_or(1),
        }
    }
}

/// `0`, `1`, and up to three digits behind a point.
fn thousandths(quality: &str) -> Option<u16> {
    let quality: f32 = quality.parse().ok()?;
    if !(0.0..=1.0).contains(&quality) {
        return None;
    }
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is from 0 to 1,000"
    )]
    Some((quality * 1_000.0).round() as u16)
}

#[cfg(test)]
mod tests {
    use super::Encoding::{self, Brotli, Gzip, Identity};
    use axum::http::{HeaderMap, HeaderValue, header};

    fn chosen(accepted: Option<&'static str>) -> Encoding {
        let mut headers = HeaderMap::new();
        if let Some(accepted) = accepted {
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(accepted));
        }
        Encoding::chosen(&headers, |_| true)
    }

    #[test]
    fn the_client_chooses_and_the_smallest_wins_among_equals() {
        for (accepted, encoding) in [
            (None, Identity),
            (Some(""), Identity),
            (Some("gzip, deflate, br, zstd"), Brotli),
            (Some("gzip"), Gzip),
            (Some("GZIP"), Gzip),
            (Some("br;q=0.5, gzip"), Gzip),
            (Some("br;q=0, gzip;q=0.1"), Gzip),
            (Some("br;q=0, gzip;q=0"), Identity),
            (Some("*"), Brotli),
            (Some("*;q=0"), Identity),
            (Some("br;q=0.2, identity;q=0.9"), Identity),
            (Some("br;q=2, gzip;q=x"), Identity),
            (Some("deflate"), Identity),
        ] {
            assert_eq!(chosen(accepted), encoding, "{accepted:?}");
        }
    }

    #[test]
    fn what_is_not_there_is_not_chosen() {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("br, gzip;q=0.5"));
        assert_eq!(Encoding::chosen(&headers, |encoding| encoding != Brotli), Gzip);
        assert_eq!(Encoding::chosen(&headers, |encoding| encoding == Identity), Identity);
    }
}

//! Where somebody signs in from: what a request says of itself, within bounds.

use std::net::IpAddr;

/// Most code points kept of what a browser says it is.
const AGENT_MOST: usize = 256;

/// A device, as it describes itself: nothing to rely on, something to recognise it by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Device {
    /// Where its request came from, if that is known.
    pub address: Option<IpAddr>,
    /// What it calls itself, cut to its bounds.
    user_agent: Option<Box<str>>,
}

impl Device {
    /// Keeps of `user_agent` what is no control character, up to 256 characters.
    #[must_use]
    pub fn new(address: Option<IpAddr>, user_agent: Option<&str>) -> Self {
        let kept = |text: &str| {
            text.chars()
                .filter(|c| !c.is_control())
                .take(AGENT_MOST)
                .collect::<String>()
        };
        Self {
            address,
            user_agent: user_agent
                .map(kept)
                .filter(|kept| !kept.is_empty())
                .map(String::into_boxed_str),
        }
    }

    /// What it calls itself.
    #[must_use]
    pub fn user_agent(&self) -> Option<&str> {
        self.user_agent.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::Device;

    #[test]
    fn what_a_browser_says_is_cut_to_bounds() {
        let said = |text: &str| Device::new(None, Some(text)).user_agent().map(str::to_owned);
        assert_eq!(said("curl/8\0\r\n"), Some("curl/8".to_owned()));
        assert_eq!(said("\n"), None);
        assert_eq!(said(&"ö".repeat(1_000)), Some("ö".repeat(256)));
    }
}

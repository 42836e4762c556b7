//! How a person is reached, in the one form that each kind is written in.

use std::fmt;

/// A text that is no contact of its kind; says what is expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be {0}")]
pub struct InvalidContact(pub &'static str);

/// A telephone number in international form: `+`, then 7 to 15 digits, the first not zero (ITU-T E.164).
#[derive(Clone, PartialEq, Eq)]
pub struct PhoneNumber(String);

/// An e-mail address in lower case. Checked for shape only: whether it arrives, only a mail can tell.
#[derive(Clone, PartialEq, Eq)]
pub struct EmailAddress(String);

/// The address of a page at LinkedIn, as it was given.
#[derive(Clone, PartialEq, Eq)]
pub struct LinkedinUrl(String);

macro_rules! contact {
    ($($name:ident),+) => {$(
        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        /// Personal, so it shows nothing.
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    )+};
}

contact!(PhoneNumber, EmailAddress, LinkedinUrl);

impl PhoneNumber {
    /// Reads a number.
    ///
    /// # Errors
    /// For anything but `+` and 7 to 15 digits, the first not zero.
    pub fn parse(text: &str) -> Result<Self, InvalidContact> {
        let digits = text.strip_prefix('+').unwrap_or_default();
        let well_formed = (7..=15).contains(&digits.len())
            && !digits.starts_with('0')
            && digits.bytes().all(|byte| byte.is_ascii_digit());
        if well_formed {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidContact("a phone number in E.164 form, like +14155552671"))
        }
    }
}

impl EmailAddress {
    /// Reads an address, of at most 254 characters, and writes it in lower case.
    ///
    /// # Errors
    /// For anything without exactly one `@` between two texts, and for spaces and control characters.
    pub fn parse(text: &str) -> Result<Self, InvalidContact> {
        let text = text.trim();
        let well_formed = text.chars().count() <= 254
            && !text.chars().any(|c| c.is_whitespace() || c.is_control())
            && text.split_once('@').is_some_and(|(local, host)| {
                !local.is_empty() && !host.is_empty() && !host.contains('@')
            });
        if well_formed {
            Ok(Self(text.to_lowercase()))
        } else {
            Err(InvalidContact("an e-mail address"))
        }
    }
}

impl LinkedinUrl {
    const EXPECTED: InvalidContact =
        InvalidContact("a LinkedIn address, like https://www.linkedin.com/in/name");

    /// Reads an address at `linkedin.com` or a host under it, of at most 2,048 bytes, with a path.
    ///
    /// # Errors
    /// For anything else.
    pub fn parse(text: &str) -> Result<Self, InvalidContact> {
        let plain = text.len() <= 2048 && text.bytes().all(|byte| byte.is_ascii_graphic());
        let parts = plain.then(|| Self::host_and_path(text)).flatten();
        let (host, path) = parts.ok_or(Self::EXPECTED)?;
        let at_linkedin = host.strip_suffix("linkedin.com");
        let at_linkedin = at_linkedin.is_some_and(|sub| sub.is_empty() || sub.ends_with('.'));
        if at_linkedin && !path.is_empty() {
            Ok(Self(text.to_owned()))
        } else {
            Err(Self::EXPECTED)
        }
    }

    /// What two addresses of the same page have in common: the path in lower case, without its last
    /// slash, query and fragment. The host does not count: `de.linkedin.com` shows the same people.
    pub fn normalised(&self) -> String {
        Self::host_and_path(&self.0).map(|(_, path)| path).unwrap_or_default()
    }

    /// The host and the normalised path.
    fn host_and_path(text: &str) -> Option<(String, String)> {
        let text = text.to_ascii_lowercase();
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))?;
        let (host, path) = rest.split_once('/')?;
        let path = path.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
        Some((host.to_owned(), path.to_owned()))
    }
}

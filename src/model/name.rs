//! Names that the kernel stores in arrays of fixed size.

use std::fmt;

/// A name of at most `MAX` bytes without NUL. The type excludes other names, because the kernel
/// cuts or refuses them. Stored as an array padded with NUL, so that a table needs no heap for its
/// names.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name<const MAX: usize>([u8; MAX]);

/// Name of a scheduler, such as `wlc`, whose module is `ip_vs_NAME`. At most 15 bytes
/// (`IP_VS_SCHEDNAME_MAXLEN`).
pub type SchedulerName = Name<15>;
/// Name of a persistence engine, such as `sip`, whose module is `ip_vs_pe_NAME`. At most 16 bytes
/// (`IP_VS_PENAME_MAXLEN`).
pub type EngineName = Name<16>;
/// Name of a network interface. At most 15 bytes (`IFNAMSIZ` includes a NUL).
pub type InterfaceName = Name<15>;

/// Reason why the kernel's array cannot hold a name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadName {
    /// The name is longer than the array.
    #[error("`{name}' is longer than {max} bytes")]
    TooLong {
        /// The name as given.
        name: String,
        /// Length limit in bytes.
        max: usize,
    },
    /// The name contains a NUL. The kernel would use only the bytes before it.
    #[error("{name:?} contains a NUL")]
    Nul {
        /// The name as given.
        name: String,
    },
}

impl<const MAX: usize> Name<MAX> {
    /// Checks that the kernel's array can hold `name`. Only the kernel can tell whether such a
    /// scheduler, engine or interface exists.
    ///
    /// # Errors
    /// The name has more than `MAX` bytes, or contains a NUL.
    #[inline]
    pub fn new(name: impl AsRef<str>) -> Result<Self, BadName> {
        let name = name.as_ref();
        let mut bytes = [0; MAX];
        let Some(place) = bytes.get_mut(..name.len()) else {
            return Err(BadName::TooLong { name: name.to_owned(), max: MAX });
        };
        if name.contains('\0') {
            return Err(BadName::Nul { name: name.to_owned() });
        }
        place.copy_from_slice(name.as_bytes());
        Ok(Self(bytes))
    }

    /// Reads a NUL-terminated array of the kernel. Bytes that are not UTF-8 become U+FFFD, which
    /// has three bytes, so the end may be cut.
    pub(crate) fn from_kernel(bytes: &[u8]) -> Self {
        let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
        let mut filled = [0; MAX];
        // Fast path: the kernel's own names are ASCII.
        if bytes[..end].is_ascii()
            && let Some(place) = filled.get_mut(..end)
        {
            place.copy_from_slice(&bytes[..end]);
            return Self(filled);
        }
        let name = String::from_utf8_lossy(&bytes[..end]);
        let fits = |length: &usize| *length <= MAX && name.is_char_boundary(*length);
        let length = (0..=name.len()).rev().find(fits).unwrap_or(0);
        filled[..length].copy_from_slice(&name.as_bytes()[..length]);
        Self(filled)
    }

    /// The name without its padding.
    pub fn as_str(&self) -> &str {
        let end = self.0.iter().position(|&byte| byte == 0).unwrap_or(MAX);
        // Every constructor stores valid UTF-8, so the default is never used.
        str::from_utf8(&self.0[..end]).unwrap_or_default()
    }
}

impl<const MAX: usize> fmt::Debug for Name<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl<const MAX: usize> fmt::Display for Name<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fifteen_bytes_fit_sixteen_do_not() {
        assert!(SchedulerName::new("a".repeat(15)).is_ok());
        let why = SchedulerName::new("a".repeat(16)).unwrap_err();
        assert!(matches!(why, BadName::TooLong { max: 15, .. }), "{why}");
    }

    #[test]
    fn names_with_a_nul_are_refused() {
        let why = SchedulerName::new("rr\0x").unwrap_err();
        assert_eq!(why.to_string(), "\"rr\\0x\" contains a NUL");
    }

    #[test]
    fn kernel_array_ends_at_its_nul() {
        assert_eq!(SchedulerName::from_kernel(b"rr\0garbage").as_str(), "rr");
        assert_eq!(SchedulerName::from_kernel(b"wlc").as_str(), "wlc");
    }

    #[test]
    fn no_kernel_name_is_too_long() {
        for bytes in [[0xff; 15], [b'a'; 15]] {
            let name = SchedulerName::from_kernel(&bytes);
            assert_eq!(SchedulerName::new(name.as_str()), Ok(name));
        }
    }
}

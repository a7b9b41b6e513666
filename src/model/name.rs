//! Names that the kernel keeps in arrays of a fixed size.

use std::fmt;

/// A name of at most `MAX` bytes, none of them NUL. The kernel cuts or refuses others, so none can be
/// made.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name<const MAX: usize>(String);

/// A scheduler, for example `wlc`; the module is `ip_vs_NAME`. 15 bytes (`IP_VS_SCHEDNAME_MAXLEN`).
pub type SchedulerName = Name<15>;
/// A persistence engine, for example `sip`; the module is `ip_vs_pe_NAME`. 16 bytes
/// (`IP_VS_PENAME_MAXLEN`).
pub type EngineName = Name<16>;
/// A network interface. 15 bytes (`IFNAMSIZ` with its NUL).
pub type InterfaceName = Name<15>;

/// A name that the kernel's array cannot hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadName {
    /// It is longer than the array.
    #[error("`{name}' is longer than {max} bytes")]
    TooLong {
        /// The name as given.
        name: String,
        /// The greatest length in bytes.
        max: usize,
    },
    /// The kernel would take what stands before the NUL.
    #[error("{name:?} contains a NUL")]
    Nul {
        /// The name as given.
        name: String,
    },
}

impl<const MAX: usize> Name<MAX> {
    /// Checks that the kernel's array holds `name`; whether the kernel knows it only the kernel can
    /// say.
    ///
    /// # Errors
    /// More than `MAX` bytes, or a NUL.
    pub fn new(name: impl Into<String>) -> Result<Self, BadName> {
        let name = name.into();
        if name.len() > MAX {
            return Err(BadName::TooLong { name, max: MAX });
        }
        if name.contains('\0') {
            return Err(BadName::Nul { name });
        }
        Ok(Self(name))
    }

    /// The bytes of a NUL-terminated kernel array; what is not UTF-8 becomes U+FFFD, as far as it
    /// fits: that has three bytes.
    pub(crate) fn from_kernel(bytes: &[u8]) -> Self {
        let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
        let mut name = String::from_utf8_lossy(&bytes[..end]).into_owned();
        while name.len() > MAX {
            name.pop();
        }
        Self(name)
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> fmt::Display for Name<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
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
    fn the_kernel_would_read_a_nul_as_the_end() {
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

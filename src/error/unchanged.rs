//! The hint for every error that was found before the first change.

pub(crate) const UNCHANGED: &str = "nothing was changed";

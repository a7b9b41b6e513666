//! The names under which the program is called.

/// Which program was called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// `ipvsadm`
    Ipvsadm,
    /// `ipvsadm-save`: `ipvsadm -S`
    Save,
    /// `ipvsadm-restore`: standard input replaces the table
    Restore,
}

impl Program {
    /// The program that `argv0`, with or without folders, names.
    pub fn from_name(argv0: &str) -> Self {
        let is = |name| {
            let folder: Option<&str> = argv0.strip_suffix(name);
            folder.is_some_and(|folder| folder.is_empty() || folder.ends_with('/'))
        };
        if is("ipvsadm-save") {
            Self::Save
        } else if is("ipvsadm-restore") {
            Self::Restore
        } else {
            Self::Ipvsadm
        }
    }
}

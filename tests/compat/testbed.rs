//! The programs of a differential test, and the check that this machine can run it.

use std::env;
use std::path::PathBuf;
use std::sync::OnceLock;

pub mod copies;
pub mod hidden;
pub mod namespace;
pub mod process;

use crate::reference;
use namespace::Namespace;
use process::Program;

/// Which program stands on our side of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnderTest {
    /// The program of this crate.
    Ours,
    /// The reference itself: proves the tests, not the program.
    Theirs,
}

/// What `IPVSADM_UNDER_TEST` asks for.
pub fn under_test() -> UnderTest {
    match env::var("IPVSADM_UNDER_TEST").as_deref() {
        Ok("theirs") => UnderTest::Theirs,
        Ok("ours" | "") | Err(_) => UnderTest::Ours,
        Ok(word) => panic!("IPVSADM_UNDER_TEST is '{word}': set it to ours or theirs"),
    }
}

/// The program under test.
pub fn ours() -> Program {
    let path = match under_test() {
        UnderTest::Ours => PathBuf::from(env!("CARGO_BIN_EXE_ipvsadm")),
        UnderTest::Theirs => reference::path(),
    };
    Program { path, name: "ipvsadm" }
}

/// Debian's ipvsadm 1.31.
pub fn reference() -> Program {
    Program { path: reference::path(), name: "ipvsadm" }
}

/// A command that belongs to the program under test or to the reference: `ipvsadm-save`.
pub fn companion(side: UnderTest, name: &'static str) -> Program {
    let path = match side {
        UnderTest::Ours => PathBuf::from(env!("CARGO_BIN_EXE_ipvsadm")),
        UnderTest::Theirs => reference::path().with_file_name(name),
    };
    Program { path, name }
}

/// Fails with a plain sentence where the kernel has no IPVS or the reference is missing. Call it
/// before anything else; the calling thread may change its network namespace.
pub fn require() {
    static STATE: OnceLock<Result<(), String>> = OnceLock::new();
    if let Err(sentence) = STATE.get_or_init(inspect) {
        panic!("{sentence}");
    }
}

fn inspect() -> Result<(), String> {
    if !nix::unistd::geteuid().is_root() {
        return Err("these tests make network namespaces, which needs root".to_owned());
    }
    let _namespace = Namespace::new("");
    reference::checked().map(drop)
}

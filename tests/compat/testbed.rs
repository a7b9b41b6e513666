//! The two programs of a differential test, and a check that the machine can run it.

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

/// The program that is compared with the reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnderTest {
    /// The program of this crate.
    Ours,
    /// The reference itself, which checks the tests instead of the program.
    Theirs,
}

/// The program that `IPVSADM_UNDER_TEST` selects.
pub fn under_test() -> UnderTest {
    match env::var("IPVSADM_UNDER_TEST").as_deref() {
        Ok("theirs") => UnderTest::Theirs,
        Ok("ours" | "") | Err(_) => UnderTest::Ours,
        Ok(word) => panic!("IPVSADM_UNDER_TEST is '{word}': set it to ours or theirs"),
    }
}

pub fn ours() -> Program {
    let path = match under_test() {
        UnderTest::Ours => PathBuf::from(env!("CARGO_BIN_EXE_ipvsadm")),
        UnderTest::Theirs => reference::path(),
    };
    Program { path, name: "ipvsadm" }
}

/// Debian's ipvsadm 1.31, the old program.
pub fn reference() -> Program {
    Program { path: reference::path(), name: "ipvsadm" }
}

/// A companion of one of the programs, such as `ipvsadm-save`.
pub fn companion(side: UnderTest, name: &'static str) -> Program {
    let path = match side {
        UnderTest::Ours => PathBuf::from(env!("CARGO_BIN_EXE_ipvsadm")),
        UnderTest::Theirs => reference::path().with_file_name(name),
    };
    Program { path, name }
}

/// Fails with a clear message if the kernel has no IPVS or the reference is missing. Call it first,
/// because the calling thread may enter another network namespace.
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

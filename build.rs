//! Sets linker options. A single command spends most of its time on starting the process, so each
//! shared library to load, each page to relocate and each page of code to map counts.

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_ENV").as_deref() != Ok("gnu") {
        return;
    }
    if std::env::var("PROFILE").as_deref() == Ok("release") && linker_takes_scripts() {
        println!("cargo:rerun-if-changed=order.ld");
        // .data and .bss then begin a page, so that together they need one page instead of two.
        println!("cargo:rustc-link-arg-bins=-Wl,-z,separate-loadable-segments");
        println!("cargo:rustc-link-arg-bins=-Wl,-T,{}", path_of("order.ld"));
    }
    if has_unwinder() {
        println!("cargo:rustc-link-lib=static:-bundle=gcc_eh");
    }
    if glibc().is_some_and(|version| version >= (2, 36)) {
        // Stores 2,300 relocations in 1 KB instead of 55 KB.
        println!("cargo:rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}

/// Whether the linker knows INSERT in a linker script: GNU ld and lld do, gold and mold do not.
fn linker_takes_scripts() -> bool {
    let flags = std::env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    !["gold", "mold"].iter().any(|linker| flags.contains(linker))
}

fn path_of(file: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(file).display().to_string()
}

/// Whether gcc has this library. gcc prints a path if it finds the file, otherwise the bare name.
fn has_unwinder() -> bool {
    said("cc", "-print-file-name=libgcc_eh.a").is_some_and(|path| Path::new(&path).is_absolute())
}

/// Version of glibc on the build machine. glibc before 2.36 cannot start a program with packed
/// relocations.
fn glibc() -> Option<(u32, u32)> {
    let words = said("getconf", "GNU_LIBC_VERSION")?;
    let (major, minor) = words.strip_prefix("glibc ")?.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

fn said(program: &str, word: &str) -> Option<String> {
    let output = Command::new(program).arg(word).output().ok()?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}

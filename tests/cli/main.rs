//! What needs no kernel: words, rule lines, help, mistakes.

mod program;
mod properties;

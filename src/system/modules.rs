//! Kernel modules.

use std::fs;
use std::path::Path;

use nix::sys::utsname::uname;

/// Whether the kernel has `module` at hand: loaded, or built in. `/sys` shows only those of the
/// latter that have parameters.
pub fn present(module: &str) -> bool {
    Path::new("/sys/module").join(module).exists()
        || list("modules.builtin").is_some_and(|it| has(&it, module))
}

/// Whether the kernel is known to lack `module`: neither present, nor in the folder of its modules.
/// Where that folder is not visible, as in containers, nothing is known.
pub fn absent(module: &str) -> bool {
    !present(module) && list("modules.dep").is_some_and(|it| !has(&it, module))
}

/// Whether `module` lies in the folder of the kernel's modules.
pub fn is_at_hand(module: &str) -> bool {
    list("modules.dep").is_some_and(|it| has(&it, module))
}

/// A list in the folder of the kernel's modules.
fn list(name: &str) -> Option<String> {
    let kernel = uname().ok()?;
    let folder = Path::new("/lib/modules").join(kernel.release());
    fs::read_to_string(folder.join(name)).ok()
}

fn has(list: &str, module: &str) -> bool {
    list.lines().any(|line| is(line, module))
}

/// A line is `kernel/net/ipv4/ipip.ko.xz: …`; modules write `-` and `_` as they like.
fn is(line: &str, module: &str) -> bool {
    let path = line.split(':').next().unwrap_or_default();
    let file = path.rsplit('/').next().unwrap_or_default();
    file.split('.').next().unwrap_or_default().replace('-', "_") == module
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_file_whatever_its_compression() {
        assert!(is("kernel/net/ipv4/ipip.ko.xz: kernel/net/ipv4/tunnel4.ko.xz", "ipip"));
        assert!(is("kernel/net/ipv4/ip-gre.ko:", "ip_gre"));
        assert!(!is("kernel/net/ipv4/tunnel4.ko: kernel/net/ipv4/ipip.ko", "ipip"));
    }
}

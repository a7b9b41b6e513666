//! Looks for kernel modules.

use std::fs;
use std::path::Path;

use nix::sys::utsname::uname;

/// Whether `module` is loaded or built in. The built-in list is needed too, since `/sys/module`
/// shows built-in modules only if they have parameters.
pub fn present(module: &str) -> bool {
    Path::new("/sys/module").join(module).exists()
        || list("modules.builtin").is_some_and(|it| has(&it, module))
}

/// Whether the kernel certainly lacks `module`: not present, and not in its module folder. False if
/// that folder is not visible, as in containers.
pub fn absent(module: &str) -> bool {
    !present(module) && list("modules.dep").is_some_and(|it| !has(&it, module))
}

/// Whether the kernel's module folder has `module`.
pub fn is_at_hand(module: &str) -> bool {
    list("modules.dep").is_some_and(|it| has(&it, module))
}

/// Reads a list such as `modules.dep` from the running kernel's module folder.
fn list(name: &str) -> Option<String> {
    let kernel = uname().ok()?;
    let folder = Path::new("/lib/modules").join(kernel.release());
    fs::read_to_string(folder.join(name)).ok()
}

fn has(list: &str, module: &str) -> bool {
    list.lines().any(|line| is(line, module))
}

/// Whether a line such as `kernel/net/ipv4/ipip.ko.xz: …` names `module`. File names may use `-`
/// for `_`.
fn is(line: &str, module: &str) -> bool {
    let path = line.split(':').next().unwrap_or_default();
    let file = path.rsplit('/').next().unwrap_or_default();
    file.split('.').next().unwrap_or_default().replace('-', "_") == module
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_modules_with_any_compression() {
        assert!(is("kernel/net/ipv4/ipip.ko.xz: kernel/net/ipv4/tunnel4.ko.xz", "ipip"));
        assert!(is("kernel/net/ipv4/ip-gre.ko:", "ip_gre"));
        assert!(!is("kernel/net/ipv4/tunnel4.ko: kernel/net/ipv4/ipip.ko", "ipip"));
    }
}

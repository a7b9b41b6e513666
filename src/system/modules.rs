//! Kernel modules.

use std::fs;
use std::path::Path;

use nix::sys::utsname::uname;

/// Whether the kernel is known to lack `module`: neither loaded, nor built in, nor in the folder of
/// its modules. Where that folder is not visible, as in containers, nothing is known.
pub fn absent(module: &str) -> bool {
    if Path::new("/sys/module").join(module).exists() {
        return false;
    }
    let Ok(name) = uname() else { return false };
    let folder = Path::new("/lib/modules").join(name.release());
    let Ok(list) = fs::read_to_string(folder.join("modules.dep")) else { return false };
    let built_in = fs::read_to_string(folder.join("modules.builtin")).unwrap_or_default();
    !list.lines().chain(built_in.lines()).any(|line| is(line, module))
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

//! Debian's ipvsadm 1.31, the reference of tests and benchmarks.

use std::env;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

/// Path of the reference: `IPVSADM_REFERENCE`, or where Debian installs it.
pub fn path() -> PathBuf {
    env::var_os("IPVSADM_REFERENCE").map_or_else(|| "/usr/sbin/ipvsadm".into(), PathBuf::from)
}

/// Like [`path`], but returns an error text if the file is not the reference: this project's
/// program may be installed in its place. Even its version needs IPVS.
pub fn checked() -> Result<PathBuf, String> {
    let path = path();
    let executable =
        path.metadata().is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0);
    if !executable {
        return Err(format!(
            "no reference program at {}: install Debian's ipvsadm 1.31 or set IPVSADM_REFERENCE",
            path.display()
        ));
    }
    let output = Command::new(&path).arg0("ipvsadm").arg("-v").output();
    let output = output.map_err(|why| format!("cannot run {}: {why}", path.display()))?;
    if output.status.code() == Some(2) {
        return Err(format!(
            "the running kernel has no IPVS (run the tests through scripts/vm.sh): {}",
            String::from_utf8_lossy(&output.stderr).lines().last().unwrap_or_default()
        ));
    }
    let version = String::from_utf8_lossy(&output.stdout);
    if !version.starts_with("ipvsadm v1.31 ") || !version.contains("popt") {
        return Err(format!(
            "{} is not the reference, ipvsadm 1.31 of Debian: set IPVSADM_REFERENCE",
            path.display()
        ));
    }
    Ok(path)
}

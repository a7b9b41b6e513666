//! The program `ipvsadm`, also called as `ipvsadm-save` and `ipvsadm-restore`.

use std::process::ExitCode;

fn main() -> ExitCode {
    ipvsadm::main()
}

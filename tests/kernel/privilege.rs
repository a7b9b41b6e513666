//! Without `CAP_NET_ADMIN` in the initial user namespace, the kernel refuses every request.

use std::env;
use std::process::Command;

use ipvsadm::Error;
use ipvsadm::model::{Change, DaemonRole, Operation};

use super::common::{client, namespace};
use super::{EPERM, refused, service, web};

const INSIDE: &str = "IPVSADM_TEST_INSIDE";

/// Runs this test again as root of a new user namespace, as in a rootless container.
#[test]
fn root_of_a_user_namespace_is_refused() {
    if env::var_os(INSIDE).is_some() {
        inside();
        return;
    }
    namespace(|| {
        drop(client());
        let program = env::current_exe().unwrap();
        let test = "privilege::root_of_a_user_namespace_is_refused";
        let variable = format!("{INSIDE}=1");
        let program = program.to_str().unwrap();
        let words = ["--user", "--map-root-user", "env", &variable, program, "--exact", test];
        let output = Command::new("unshare").args(words).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        // The child also succeeds if no test has this name, so check the count.
        assert!(output.status.success() && said.contains(" 1 passed"), "{output:?}");
    });
}

fn inside() {
    let mut client = client();
    refused(client.services(), Operation::ListServices, EPERM);
    refused(client.service(&web()), Operation::GetService, EPERM);
    refused(client.info(), Operation::GetInfo, EPERM);
    refused(client.daemons(), Operation::ListDaemons, EPERM);
    refused(client.add_service(service(web())), Operation::AddService, EPERM);
    let changes: Vec<_> = (0..250).map(|_| Change::AddService(service(web()))).collect();
    assert!(matches!(client.batch(&changes), Err(Error::Unavailable(EPERM))));
    let stop = [Change::StopDaemon(DaemonRole::Master)];
    assert!(matches!(client.batch(&stop), Err(Error::Unavailable(EPERM))));
    let error = client.flush().unwrap_err();
    assert!(matches!(error, Error::Kernel { .. }));
    assert_eq!(error.to_string(), "Can't initialize ipvs: Permission denied (you must be root)");
}

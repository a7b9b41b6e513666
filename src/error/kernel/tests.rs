//! Compares the messages with those of the old tool.

use super::*;

const ALL: [Operation; 5] = [
    Operation::AddService,
    Operation::UpdateDestination,
    Operation::SetTimeouts,
    Operation::StartDaemon,
    Operation::ListServices,
];

#[test]
fn errors_common_to_all_requests() {
    for (errno, line) in [
        (Errno::EPERM, "Can't initialize ipvs: Permission denied (you must be root)"),
        (
            Errno::EINVAL,
            "Invalid operation.  Possibly wrong module version, address not unicast, ...",
        ),
        (Errno::ENOPROTOOPT, "Protocol not available"),
        (Errno::ENOMEM, "Memory allocation problem"),
        (Errno::EOPNOTSUPP, "Operation not supported with IPv6"),
        (Errno::EAFNOSUPPORT, "Operation not supported with specified address family"),
        (Errno::EMSGSIZE, "Module is wrong version"),
        // The C library's texts.
        (Errno::ERANGE, "Numerical result out of range"),
        (Errno::ENODEV, "No such device"),
        (Errno(16), "Device or resource busy"),
        (Errno(105), "No buffer space available"),
    ] {
        for operation in ALL {
            assert_eq!(text(operation, errno), line, "{operation:?}");
        }
    }
}

#[test]
fn errors_of_single_requests() {
    use Operation as O;
    for (operation, errno, line) in [
        (O::AddService, Errno::EEXIST, "Service already exists"),
        (O::AddDestination, Errno::EEXIST, "Destination already exists"),
        (O::StartDaemon, Errno::EEXIST, "Daemon has already run"),
        (O::AddService, Errno::ENOENT, "Scheduler or persistence engine not found"),
        (O::UpdateService, Errno::ENOENT, "Scheduler or persistence engine not found"),
        (O::UpdateDestination, Errno::ENOENT, "No such destination"),
        (O::DeleteDestination, Errno::ENOENT, "No such destination"),
        (O::UpdateService, Errno::ESRCH, "No such service"),
        (O::DeleteService, Errno::ESRCH, "No such service"),
        (O::Zero, Errno::ESRCH, "No such service"),
        (O::GetService, Errno::ESRCH, "No such service"),
        (O::AddDestination, Errno::ESRCH, "Service not defined"),
        (O::UpdateDestination, Errno::ESRCH, "Service not defined"),
        (O::DeleteDestination, Errno::ESRCH, "Service not defined"),
        (O::StopDaemon, Errno::ESRCH, "No daemon is running"),
        // No text of the old tool's own, so the C library's.
        (O::StopDaemon, Errno::EEXIST, "File exists"),
        (O::Flush, Errno::ENOENT, "No such file or directory"),
        (O::Flush, Errno::ESRCH, "No such process"),
    ] {
        assert_eq!(text(operation, errno), line, "{operation:?}");
    }
}

#[test]
fn only_an_absent_ipvs_is_to_be_loaded() {
    assert!(unavailable_hint(Errno::ENOPROTOOPT).unwrap().contains("modprobe ip_vs"));
    assert!(unavailable_hint(Errno::EPERM).unwrap().contains("CAP_NET_ADMIN"));
    assert_eq!(unavailable_hint(Errno::ENOMEM), None);
}

#[test]
fn a_daemon_on_an_alias_is_told_the_interface() {
    let says = |name: &str| {
        let object = format!("master daemon on {name}");
        hints(Operation::StartDaemon, Errno::ENODEV, &object).split_off(1)
    };
    let label = "a label such as lo:0 names an address, not an interface: write lo";
    assert_eq!(says("lo:0"), [label]);
    let absent = "this network namespace has no interface of that name (--mcast-interface)";
    assert_eq!(says("eth7"), [absent]);
}

#[test]
fn a_pasted_name_of_a_scheduler_is_recognised() {
    for (name, expected) in
        [("rr\u{a0}", "U+00A0 (no-break space)"), ("\u{201c}rr", "U+201C (typographic quote)")]
    {
        let object = format!("-t 192.0.2.80:80 -s {name}");
        let hints = hints(Operation::AddService, Errno::ENOENT, &object);
        assert!(hints.iter().any(|hint| hint.contains(expected)), "{hints:?}");
    }
}

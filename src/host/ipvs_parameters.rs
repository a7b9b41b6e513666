//! The parameters of IPVS, `net.ipv4.vs.*`, and the values that each accepts. They are checked
//! here, because the kernel stores many values that have no meaning.

/// Kind of values that a parameter accepts.
#[derive(Clone, Copy)]
enum Accepts {
    /// 0 or 1.
    Switch,
    /// A whole number within these bounds.
    Number(i64, i64),
    /// A power of two from 1 to 64.
    Power,
    /// Two numbers, the first below the second unless that is 0.
    Threshold,
    /// A list of processor numbers, such as `0-3,8`.
    Processors,
}

use Accepts::{Number, Power, Processors, Switch, Threshold};

const MAX: i64 = i32::MAX as i64;

const PARAMETERS: [(&str, Accepts); 32] = [
    ("am_droprate", Number(1, MAX)),
    ("amemthresh", Number(0, MAX)),
    ("backup_only", Switch),
    ("cache_bypass", Switch),
    ("conn_lfactor", Number(-8, 8)),
    ("conn_max", Number(0, 1 << 30)),
    ("conn_reuse_mode", Number(0, 3)),
    ("conntrack", Switch),
    ("debug_level", Number(0, 12)),
    ("drop_entry", Number(0, 3)),
    ("drop_packet", Number(0, 3)),
    ("est_cpulist", Processors),
    ("est_nice", Number(-20, 19)),
    ("expire_nodest_conn", Switch),
    ("expire_quiescent_template", Switch),
    ("ignore_tunneled", Switch),
    ("nat_icmp_send", Switch),
    ("pmtu_disc", Switch),
    ("run_estimation", Switch),
    ("schedule_icmp", Switch),
    ("secure_tcp", Number(0, 3)),
    ("sloppy_sctp", Switch),
    ("sloppy_tcp", Switch),
    ("snat_reroute", Switch),
    ("svc_lfactor", Number(-8, 8)),
    ("sync_persist_mode", Switch),
    ("sync_ports", Power),
    ("sync_qlen_max", Number(0, MAX)),
    ("sync_refresh_period", Number(0, 2_147_483)),
    ("sync_retries", Number(0, 3)),
    ("sync_sock_size", Number(0, MAX)),
    ("sync_version", Number(0, 1)),
];

/// The only parameter whose value contains a blank.
const THRESHOLD: &str = "sync_threshold";

const TWO_NUMBERS: &str = "two numbers such as `3 50'";
const PROCESSORS: &str = "a list of processors such as 0-3,8";

/// Checks `name=value`; returns the value as the kernel prints it.
pub fn check(name: &str, value: &str) -> Result<String, String> {
    let accepts = match PARAMETERS.iter().find(|(it, _)| *it == name) {
        Some((_, accepts)) => *accepts,
        None if name == THRESHOLD => Threshold,
        None => return Err(unknown(name)),
    };
    let number = value.parse::<i64>().ok();
    let refused = |what: String| Err(format!("net.ipv4.vs.{name} takes {what}, not `{value}'"));
    match accepts {
        Switch if !matches!(number, Some(0 | 1)) => refused("0 or 1".to_owned()),
        Number(least, most) if !number.is_some_and(|it| (least..=most).contains(&it)) => {
            refused(format!("{least} to {most}"))
        }
        Power if !matches!(number, Some(1 | 2 | 4 | 8 | 16 | 32 | 64)) => {
            refused("a power of two up to 64".to_owned())
        }
        Threshold => threshold(value).map_or_else(|| refused(TWO_NUMBERS.to_owned()), Ok),
        Processors => processors(value).map_or_else(|| refused(PROCESSORS.to_owned()), Ok),
        _ => Ok(number.map_or_else(|| value.to_owned(), |number| number.to_string())),
    }
}

fn threshold(value: &str) -> Option<String> {
    let numbers: Option<Vec<u32>> = value
        .split([' ', ',', '\t'])
        .filter(|it| !it.is_empty())
        .map(|it| it.parse().ok())
        .collect();
    match numbers?[..] {
        [at, every] if at < every || every == 0 => Some(format!("{at}\t{every}")),
        _ => None,
    }
}

/// Sorts a list of processors and joins its ranges, as the kernel does when it prints one.
fn processors(value: &str) -> Option<String> {
    let number = |text: &str| {
        let is_number = !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit());
        is_number.then(|| text.parse::<u32>().ok()).flatten()
    };
    let range = |text: &str| {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        Some((number(first)?, number(last)?)).filter(|(first, last)| first <= last)
    };
    let mut ranges = value.split(',').map(range).collect::<Option<Vec<_>>>()?;
    ranges.sort_unstable();
    let mut joined: Vec<(u32, u32)> = Vec::new();
    for (first, last) in ranges {
        match joined.last_mut() {
            Some((_, end)) if first <= end.saturating_add(1) => *end = last.max(*end),
            _ => joined.push((first, last)),
        }
    }
    let text = |(first, last): &(u32, u32)| {
        if first == last { first.to_string() } else { format!("{first}-{last}") }
    };
    Some(joined.iter().map(text).collect::<Vec<_>>().join(","))
}

fn unknown(name: &str) -> String {
    let names = PARAMETERS.iter().map(|(it, _)| *it);
    let near = names.max_by(|a, b| strsim::jaro(a, name).total_cmp(&strsim::jaro(b, name)));
    match near {
        Some(near) if strsim::jaro(near, name) > 0.8 => {
            format!("there is no parameter net.ipv4.vs.{name}; did you mean {near}?")
        }
        _ => format!("there is no parameter net.ipv4.vs.{name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn values_are_as_the_kernel_prints_them() {
        assert_eq!(check("conntrack", "1").unwrap(), "1");
        assert_eq!(check("sync_threshold", "3 50").unwrap(), "3\t50");
        assert_eq!(check("est_nice", "-5").unwrap(), "-5");
    }

    #[test]
    fn processors_are_listed_as_the_kernel_lists_them() {
        for (given, printed) in
            [("0,1", "0-1"), ("3,0-1,2", "0-3"), ("8,0-2,1", "0-2,8"), ("5", "5"), ("7-7", "7")]
        {
            assert_eq!(check("est_cpulist", given).as_deref(), Ok(printed), "{given}");
        }
        for given in ["", ",", "0,", "3-1", "-", "1-", "0-1-2", "+1", "99999999999", "0 1"] {
            assert!(check("est_cpulist", given).is_err(), "{given}");
        }
    }

    #[test]
    fn meaningless_values_are_refused() {
        for (name, value) in [
            ("conntrack", "2"),
            ("sync_ports", "3"),
            ("sync_threshold", "50 3"),
            ("drop_entry", "x"),
            ("est_cpulist", "a"),
        ] {
            assert!(check(name, value).is_err(), "{name}={value}");
        }
        assert!(check("expire_nodest_con", "1").unwrap_err().contains("expire_nodest_conn?"));
    }
}

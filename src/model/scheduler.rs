//! The schedulers and persistence engines of Linux.

/// Name and description of a scheduler or persistence engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// Name in rule lines; its module has a prefix.
    pub name: &'static str,
    /// Description: one sentence without a full stop.
    pub help: &'static str,
}

const fn kind(name: &'static str, help: &'static str) -> Kind {
    Kind { name, help }
}

/// Every scheduler of Linux. Its module is `ip_vs_NAME`.
pub const SCHEDULERS: [Kind; 14] = [
    kind("rr", "round robin: each real server in turn"),
    kind("wrr", "weighted round robin: in turn, in proportion to the weights"),
    kind("lc", "least connections: the real server with the fewest connections"),
    kind("wlc", "weighted least connections: the fewest connections relative to the weight"),
    kind("lblc", "locality-based least connections: one real server for each destination address"),
    kind("lblcr", "lblc with replication: several real servers for a busy destination address"),
    kind("dh", "destination hashing: by the destination address"),
    kind("sh", "source hashing: by the client's address"),
    kind("sed", "shortest expected delay: fewest connections, plus one, relative to the weight"),
    kind("nq", "never queue: an idle real server if there is one, otherwise like sed"),
    kind("fo", "weighted failover: the available real server with the highest weight"),
    kind("ovf", "weighted overflow: the highest weight first, until it has that many connections"),
    kind("mh", "Maglev hashing: by the client's address; few clients move if a server leaves"),
    kind("twos", "power of two choices: the less loaded of two real servers drawn at random"),
];

/// Every persistence engine of Linux. Its module is `ip_vs_pe_NAME`.
pub const ENGINES: [Kind; 1] = [kind("sip", "by the Call-ID of SIP over UDP")];

/// Schedulers that a mistyped `word` may mean; empty if `word` is a scheduler or resembles none.
pub fn nearest_schedulers(word: &str) -> Vec<&'static str> {
    let distances =
        SCHEDULERS.map(|kind| (strsim::damerau_levenshtein(kind.name, word), kind.name));
    let least = distances.iter().map(|(distance, _)| *distance).min().unwrap_or_default();
    // A name of two letters with more than one wrong letter is not recognisable.
    if least == 0 || least > 1 + word.len() / 4 {
        return Vec::new();
    }
    distances.iter().filter(|(distance, _)| *distance == least).map(|(_, name)| *name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistyped_schedulers_are_recognised() {
        assert_eq!(nearest_schedulers("rrr"), ["rr", "wrr"]);
        assert_eq!(nearest_schedulers("wcl"), ["wlc"]);
        assert_eq!(nearest_schedulers("lblrc"), ["lblc", "lblcr"]);
        for word in ["rr", "mh", "", "roundrobin", "none"] {
            assert_eq!(nearest_schedulers(word), [""; 0], "{word}");
        }
    }
}

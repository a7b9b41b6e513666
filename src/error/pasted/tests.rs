//! Words that are recognised as pasted, and words that are not.

use super::*;

fn says(found: Option<String>, expected: &str) {
    let found = found.unwrap_or_default();
    assert!(found.contains(expected), "{found:?} lacks {expected:?}");
}

#[test]
fn look_alikes_are_named_by_code_point() {
    for (word, expected) in [
        ("\u{2013}t", "U+2013 (en dash) is used instead of a hyphen: write -t"),
        ("\u{2212}t", "U+2212 (minus sign)"),
        ("\u{201c}rr\u{201d}", "U+201C (typographic quote)"),
        ("-A\u{a0}-t", "U+00A0 (no-break space) is used instead of a space"),
        ("\u{feff}-A", "U+FEFF (byte order mark)"),
        ("192.0.2.80\u{ff1a}80", "U+FF1A (fullwidth character) is used instead of `:'"),
        ("\u{2014}$(id)", "write '-$(id)'"),
    ] {
        says(remark(word), expected);
    }
}

#[test]
fn shell_syntax_is_recognised() {
    for word in ["$VIP", "${VIP}:80", "$(hostname)", "`hostname`", "\"rr\"", "'rr'", "\\", "<f"] {
        assert!(remark(word).is_some(), "{word}");
    }
    for word in ["", "-Q", "rr", "192.0.2.80:80", "a$", "5$", "grün", "真实"] {
        assert_eq!(remark(word), None, "{word}");
    }
}

#[test]
fn pasted_addresses_ports_and_marks_get_a_proposal() {
    says(endpoint("2001:db8:0:0:0:0:0:80:80"), "brackets: [2001:db8::80]:80");
    says(endpoint("2001:db8::80:http"), "brackets: [2001:db8::80]:http");
    assert_eq!(without_brackets("2001:db8::1:abcd"), None);
    for word in ["192.0.2.80:8000-8100", "192.0.2.80:80,443", "[2001:db8::80]:80-90"] {
        says(endpoint(word), "-f MARK");
    }
    for word in ["192.0.2.10-20:80", "192.0.2.10-192.0.2.20", "192.0.2.*:80"] {
        says(endpoint(word), "no ranges");
    }
    says(endpoint("user@192.0.2.80:80"), "`@'");
    says(endpoint("http://192.0.2.80/"), "URL");
    says(endpoint("192.0.2.0/24:80"), "prefix length");
    for word in ["web-1.example:80", "192.0.2.80:99999", "host", "no.such-host:http"] {
        assert_eq!(endpoint(word), None, "{word}");
    }
    says(mark("0x1F"), "decimal: 31");
    says(mark("0x1/0xff"), "no mask");
    assert_eq!(mark("0x0"), None);
}

#[test]
fn pasted_arguments_of_verbs_get_a_proposal() {
    says(bare_address("192.0.2.80/24"), "prefix length: 192.0.2.80");
    says(bare_address("192.0.2.80:80"), "a port: 192.0.2.80");
    says(bare_address("[2001:db8::80]:80"), "a port: 2001:db8::80");
    says(bare_address("[2001:db8::80]"), "brackets: 2001:db8::80");
    says(bare_address("192.0.2.80-90"), "no ranges");
    says(interface("lo:0"), "write lo");
    says(parameter("net.ipv4.vs.conntrack=1"), "conntrack=1");
    says(parameter("/proc/sys/net/ipv4/vs/conntrack=1"), "conntrack=1");
    says(parameter("net.ipv4.ip_forward=1"), "sysctl -w");
    says(first_word("VIP=192.0.2.80"), "no shell");
    says(first_word("if"), "no shell");
    says(first_word("sudo"), "leave it out");
    says(first_word("/usr/bin/sudo"), "leave it out");
    assert_eq!(first_word("list"), None);
    says(of_a_fork("--fullnat"), "not in the mainline kernel");
    says(of_a_fork("fullnat"), "not in the mainline kernel");
    assert_eq!(of_a_fork("--masquerade"), None);
}

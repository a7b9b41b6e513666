//! Recognises pasted words: from a web page, a shell script, or the language of another program.
//! Each function returns a phrase that follows the quoted word in a message.
//!
//! Called only for words that were refused already, so a valid command costs nothing.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::model::quote::shell;

/// Recognises pasted text that can occur in any word.
pub(crate) fn remark(word: &str) -> Option<String> {
    foreign_letter(word).or_else(|| redirection(word).map(str::to_owned)).or_else(|| {
        let text = match word {
            "\\" => "a backslash does not continue a rule: write the rule on one line",
            _ if is_expansion(word) => {
                "a shell would replace it, but no shell reads this: write the value itself"
            }
            _ if word.starts_with(['"', '\'']) || word.ends_with(['"', '\'']) => {
                "quotes have no meaning here: leave them out"
            }
            _ => return None,
        };
        Some(text.to_owned())
    })
}

/// Names a look-alike character and its code point.
fn foreign_letter(word: &str) -> Option<String> {
    let (letter, name) = word.chars().find_map(|letter| Some((letter, name_of(letter)?)))?;
    let code = format!("U+{:04X} ({name})", u32::from(letter));
    let replaced = |with: &str| shell(&word.replace(letter, with)).into_owned();
    Some(match letter {
        '\u{feff}' => format!("{code} comes before the text: save the file without it"),
        '\u{2010}'..='\u{2015}' | '\u{2212}' => {
            format!("{code} is used instead of a hyphen: write {}", replaced("-"))
        }
        '\u{ff01}'..='\u{ff5e}' => {
            let ascii = char::from_u32(u32::from(letter) - 0xfee0).unwrap_or_default();
            format!("{code} is used instead of `{ascii}': type it again")
        }
        _ if letter.is_whitespace() || letter == '\u{200b}' => {
            format!("{code} is used instead of a space: type it again")
        }
        _ => format!("{code} has no meaning here: leave it out"),
    })
}

fn name_of(letter: char) -> Option<&'static str> {
    Some(match letter {
        '\u{a0}' | '\u{202f}' => "no-break space",
        '\u{ab}' | '\u{bb}' | '\u{2018}'..='\u{201f}' => "typographic quote",
        '\u{2010}' | '\u{2011}' => "typographic hyphen",
        '\u{2012}' => "figure dash",
        '\u{2013}' => "en dash",
        '\u{2014}' => "em dash",
        '\u{2015}' => "horizontal bar",
        '\u{2212}' => "minus sign",
        '\u{200b}' => "zero-width space",
        '\u{2000}'..='\u{200a}' | '\u{205f}' => "typographic space",
        '\u{3000}' => "ideographic space",
        '\u{feff}' => "byte order mark",
        '\u{ff01}'..='\u{ff5e}' => "fullwidth character",
        _ => return None,
    })
}

fn redirection(word: &str) -> Option<&'static str> {
    word.starts_with(['<', '>', '|', '&', ';']).then_some(
        "only a shell understands it; in a systemd unit, use StandardInput=file:PATH or \
         StandardOutput=file:PATH",
    )
}

/// Whether the word contains `$NAME`, `${NAME}`, `$(COMMAND)` or a backquote.
fn is_expansion(word: &str) -> bool {
    let begins = |rest: &str| {
        rest.starts_with(|first: char| first.is_ascii_alphanumeric() || "_{(".contains(first))
    };
    word.contains('`') || word.split('$').skip(1).any(begins)
}

/// Recognises pasted text in a refused `ADDRESS[:PORT]`.
pub(crate) fn endpoint(word: &str) -> Option<String> {
    if let Some(text) = remark(word) {
        return Some(text);
    }
    if word.contains("://") {
        return Some("this is a URL: write ADDRESS:PORT".to_owned());
    }
    if word.contains('@') {
        return Some("an address has no `@': write ADDRESS:PORT alone".to_owned());
    }
    if word.contains('/') {
        return Some("write one address, without a prefix length".to_owned());
    }
    if let Some((address, port)) = without_brackets(word) {
        return Some(format!("an IPv6 address with a port needs brackets: [{address}]:{port}"));
    }
    let (host, port) = word.rsplit_once(']').or_else(|| word.split_once(':')).unwrap_or((word, ""));
    if is_several(port.trim_start_matches(':')) {
        return Some(
            "a service has one port: for several, mark the packets with nft or iptables, and \
             balance them with -f MARK"
                .to_owned(),
        );
    }
    is_address_range(host).then(|| ONE_ADDRESS.to_owned())
}

const ONE_ADDRESS: &str = "write each address on its own: there are no ranges";

/// Splits an IPv6 address without brackets from its port or service name.
pub(crate) fn without_brackets(word: &str) -> Option<(Ipv6Addr, &str)> {
    let (address, port) = word.rsplit_once(':')?;
    let is_name = |port: &str| {
        port.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !port.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    (port.parse::<u16>().is_ok() || is_name(port)).then_some((address.parse().ok()?, port))
}

/// Whether the text is several ports: `8000-8100`, `80,443`, `8000:8100`.
fn is_several(ports: &str) -> bool {
    let sign = |letter: char| "-,:".contains(letter);
    ports.contains(sign) && ports.split(sign).all(|port| port.parse::<u16>().is_ok())
}

/// Whether the text is several addresses: `192.0.2.10-20`, `192.0.2.10-192.0.2.20`,
/// `192.0.2.10,192.0.2.11`, `192.0.2.*`.
fn is_address_range(host: &str) -> bool {
    let Some((first, _)) = host.split_once(['-', ',']) else {
        return host.starts_with(|letter: char| letter.is_ascii_digit()) && host.ends_with(".*");
    };
    first.parse::<Ipv4Addr>().is_ok()
}

/// Recognises pasted text in a refused firewall mark.
pub(crate) fn mark(word: &str) -> Option<String> {
    let hex = word.strip_prefix("0x").or_else(|| word.strip_prefix("0X"));
    if let Some((_, mask)) = word.split_once('/')
        && !mask.is_empty()
    {
        return Some("a firewall mark has no mask here: give the whole mark".to_owned());
    }
    match hex.map(|digits| u32::from_str_radix(digits, 16)) {
        Some(Ok(mark)) if mark > 0 => {
            Some(format!("a firewall mark is written in decimal: {mark}"))
        }
        _ => remark(word),
    }
}

/// Recognises pasted text in a refused address that takes no port.
pub(crate) fn bare_address(word: &str) -> Option<String> {
    if let Some(text) = remark(word) {
        return Some(text);
    }
    let inside = word.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    if let Some((address, rest)) = inside
        && let Ok(address) = address.parse::<Ipv6Addr>()
    {
        return Some(if rest.is_empty() {
            format!("write the address without brackets: {address}")
        } else {
            format!("write the address without a port: {address}")
        });
    }
    if let Some((address, _)) = word.split_once('/')
        && let Ok(address) = address.parse::<std::net::IpAddr>()
    {
        return Some(format!("write the address without a prefix length: {address}"));
    }
    if let Some((address, _)) = word.split_once(':')
        && let Ok(address) = address.parse::<Ipv4Addr>()
    {
        return Some(format!("write the address without a port: {address}"));
    }
    if word.contains('@') {
        return Some("an address has no `@': write the address alone".to_owned());
    }
    is_address_range(word).then(|| ONE_ADDRESS.to_owned())
}

/// Recognises pasted text in a refused interface name.
pub(crate) fn interface(word: &str) -> Option<String> {
    match word.split_once(':') {
        Some((name, _)) if !name.is_empty() => Some(format!(
            "a label such as lo:0 names an address, not an interface: write {}",
            shell(name)
        )),
        _ => remark(word),
    }
}

/// Recognises pasted text in a refused `NAME=VALUE` of `--set`, where NAME is an IPVS parameter.
pub(crate) fn parameter(word: &str) -> Option<String> {
    let dotted = word.replace('/', ".");
    let path = dotted.trim_start_matches('.');
    let path = path.strip_prefix("proc.sys.").unwrap_or(path);
    if let Some(short) = path.strip_prefix("net.ipv4.vs.") {
        return Some(format!("write the name without net.ipv4.vs: {}", shell(short)));
    }
    if ["net.", "kernel.", "vm.", "fs."].iter().any(|start| path.starts_with(start)) {
        return Some(
            "--set takes only parameters below net.ipv4.vs; for others, use sysctl -w".into(),
        );
    }
    remark(word)
}

/// Recognises the first word of a line of a shell script.
pub(crate) fn first_word(word: &str) -> Option<String> {
    const PREFIXES: [&str; 5] = ["sudo", "doas", "exec", "env", "nohup"];
    const SHELL: [&str; 25] = [
        "if", "then", "else", "elif", "fi", "for", "while", "do", "done", "case", "esac", "echo",
        "export", "exit", "return", "local", "sleep", "modprobe", "ip", "iptables", "sysctl", "[",
        "{", "}", "test",
    ];
    let name = word.split_once('=').map(|(name, _)| name);
    let assigns = name.is_some_and(|name| {
        !name.is_empty()
            && !name.starts_with(|first: char| first.is_ascii_digit())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    });
    let program = word.rsplit('/').next().unwrap_or(word);
    if PREFIXES.contains(&program) {
        return Some("leave it out: a rule begins with a command such as -A".to_owned());
    }
    if SHELL.contains(&word) || assigns {
        return Some(
            "no shell reads this: keep only the rules, each of which begins with a command such \
             as -A"
                .to_owned(),
        );
    }
    remark(word)
}

/// Recognises an option of an IPVS fork that the mainline kernel lacks.
pub(crate) fn of_a_fork(word: &str) -> Option<String> {
    const OPTIONS: [&str; 14] = [
        "-P",
        "-Q",
        "-G",
        "-j",
        "--fullnat",
        "--full-nat",
        "--laddr",
        "--add-laddr",
        "--del-laddr",
        "--get-laddr",
        "--local-address",
        "--synproxy",
        "--toa",
        "--snat",
    ];
    let name = word.split('=').next().unwrap_or_default();
    let name = if name.starts_with('-') { name.to_owned() } else { format!("--{name}") };
    OPTIONS.contains(&&*name).then(|| {
        "it belongs to the full NAT of other forks, which is not in the mainline kernel; -m is \
         NAT with the director as the gateway of the real servers"
            .to_owned()
    })
}

#[cfg(test)]
mod tests;

//! Completes a line of the classic language.

use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;

use super::wanted::{Candidate, Live, Values, Wanted};
use crate::classic::lexer::{Given, Token, What, tokens, tokens_of};
use crate::classic::options::{COMMANDS, Command, Group, OPTIONS, Opt, OptionRow, Slot};
use crate::classic::parser::listing_conflict;
use crate::classic::service_takes;
use crate::model::field::{Field, FieldOption, Fields, Shape};
use crate::model::{Destination, Family, Protocol, SchedulerFlags, ServiceKey};

/// The words before the cursor.
#[derive(Default)]
struct Line<'a> {
    command: Option<Command>,
    given: Vec<(Opt, Option<&'a str>)>,
    loose: usize,
    /// The option whose value is the next word.
    waits: Option<What>,
}

impl<'a> Line<'a> {
    fn read(words: &[Token<'a>]) -> Self {
        let mut line = Self::default();
        for token in words {
            match token {
                Token::Given(given) => line.put(given.what, given.value),
                Token::Loose(_) => line.loose += 1,
                Token::Dashes => {}
                Token::Mistake(mistake) => {
                    line.waits = mistake.lacks_value;
                    if let Some(what) = line.waits {
                        line.put(what, None);
                    }
                }
            }
        }
        line
    }

    fn put(&mut self, what: What, value: Option<&'a str>) {
        match what {
            What::Command(command) => self.command = self.command.or(Some(command)),
            What::Option(option) => self.given.push((option, value)),
        }
    }

    fn value(&self, option: Opt) -> Option<&str> {
        let found = self.given.iter().rfind(|(given, _)| *given == option);
        found.and_then(|(_, value)| *value)
    }

    fn has(&self, option: Opt) -> bool {
        self.given.iter().any(|(given, _)| *given == option)
    }

    fn has_slot(&self, slot: Slot) -> bool {
        self.given.iter().any(|(option, _)| option.row().slot == Some(slot))
    }

    /// The service, if it has no names. Names are not looked up, because a completion must be fast.
    fn service(&self) -> Option<ServiceKey> {
        if let Some(mark) = self.value(Opt::Fwmark) {
            let mark: NonZeroU32 = mark.parse().ok()?;
            let family = if self.has(Opt::Ipv6) { Family::V6 } else { Family::V4 };
            return Some(ServiceKey::Fwmark { mark, family });
        }
        let protocols =
            [(Opt::Tcp, Protocol::Tcp), (Opt::Udp, Protocol::Udp), (Opt::Sctp, Protocol::Sctp)];
        protocols.into_iter().find_map(|(option, protocol)| key(protocol, self.value(option)?))
    }
}

/// The key of a service without names.
pub(super) fn key(protocol: Protocol, word: &str) -> Option<ServiceKey> {
    let at = word.parse::<SocketAddr>().ok();
    let at = at.or_else(|| Some(SocketAddr::new(word.parse::<IpAddr>().ok()?, 0)))?;
    Some(ServiceKey::Address { protocol, address: at.ip(), port: at.port() })
}

pub(super) fn wanted(words: &[String], typed: &str) -> Wanted {
    let line = Line::read(&tokens_of(words));
    let netns = line.value(Opt::Netns).map(str::to_owned);
    let wanted = Wanted { netns, ..Wanted::of(typed) };
    if let Some(what) = line.waits {
        return value(&line, what, wanted);
    }
    let parts: Vec<Token<'_>> = tokens(std::iter::once(typed)).collect();
    match parts.split_last() {
        Some((Token::Given(Given { what, value: Some(glued), .. }), others)) => {
            let (before, rest) = typed.split_at(typed.len() - glued.len());
            let wanted = Wanted { before: before.into(), typed: rest.into(), ..wanted };
            let line = Line::read(&[&tokens_of(words)[..], others].concat());
            return value(&line, *what, wanted);
        }
        Some((Token::Mistake(_), _)) if typed.starts_with("--") && typed.contains('=') => {
            return wanted;
        }
        _ => {}
    }
    let Some(command) = line.command else {
        let fixed = commands(typed.starts_with("--")).collect();
        return Wanted { fixed, ..wanted };
    };
    if command == Command::Set && !typed.starts_with('-') && line.loose < 3 {
        return wanted.with(Values::live(Live::Timeout(line.loose)));
    }
    let fixed = options(&line, command, typed.starts_with("--"));
    Wanted { fixed, ..wanted }
}

/// The short form such as `-s`, if there is one and the user has not typed a second dash.
fn word(letter: Option<char>, long: &str, in_full: bool) -> String {
    match letter {
        Some(letter) if !in_full => format!("-{letter}"),
        _ => format!("--{long}"),
    }
}

fn commands(in_full: bool) -> impl Iterator<Item = Candidate> {
    COMMANDS.iter().map(move |row| {
        Candidate::new(word(row.short.first().copied(), row.long, in_full), row.help)
    })
}

/// The legal options, with required ones first.
fn options(line: &Line<'_>, command: Command, in_full: bool) -> Vec<Candidate> {
    let mut rows: Vec<&OptionRow> =
        OPTIONS.iter().filter(|row| is_legal(line, command, row)).collect();
    let needed =
        |row: &OptionRow| row.slot.is_some_and(|slot| slot.row().required.contains(&command));
    if rows.iter().any(|row| needed(row)) {
        rows.retain(|row| needed(row) || row.option == Opt::Netns);
    }
    rows.into_iter()
        .map(|row| Candidate::new(word(row.short, row.long, in_full), row.help()))
        .collect()
}

fn is_legal(line: &Line<'_>, command: Command, row: &OptionRow) -> bool {
    let Some(slot) = row.slot else {
        return match row.option {
            Opt::Ipv6 => line.has(Opt::Fwmark) && !line.has(Opt::Ipv6),
            _ => false, // --sort is the default
        };
    };
    let of_command = [slot.row().required, slot.row().allowed].concat();
    if line.has_slot(slot) || !of_command.contains(&command) {
        return false;
    }
    match row.option {
        option if !service_takes(option, |given| line.has(given)) => false,
        // The old tool accepts it here, but ignores it.
        Opt::SyncId => command == Command::StartDaemon,
        _ if row.option.group() == Group::Server && row.long.starts_with("tun-") => {
            tunnel_takes(line, row.option)
        }
        _ if command == Command::List => {
            listing_conflict(|other| other == slot || line.has_slot(other)).is_ok()
        }
        _ => true,
    }
}

fn tunnel_takes(line: &Line<'_>, option: Opt) -> bool {
    let checksums = [Opt::TunNocsum, Opt::TunCsum, Opt::TunRemcsum];
    let checked = checksums.iter().any(|option| line.has(*option));
    let legal = match (line.value(Opt::TunType), option) {
        (_, Opt::TunType) | (Some("gue"), Opt::TunPort) => true,
        (Some("gue"), _) | (Some("gre"), Opt::TunNocsum | Opt::TunCsum) => !checked,
        _ => false,
    };
    line.has(Opt::Ipip) && legal
}

/// Candidates for the value of an option or a command.
fn value(line: &Line<'_>, what: What, wanted: Wanted) -> Wanted {
    let option = match what {
        What::Command(_) => return wanted.with(Values::words(["master", "backup"])),
        What::Option(option) => option,
    };
    let values = match option {
        Opt::Tcp | Opt::Udp | Opt::Sctp if line.command == Some(Command::AddService) => {
            Values::live(Live::OwnAddresses { port: true })
        }
        Opt::Tcp | Opt::Udp | Opt::Sctp | Opt::Fwmark => Values::live(Live::Services(option)),
        Opt::RealServer if line.command == Some(Command::AddServer) => {
            Values::live(Live::OtherServers(line.service()))
        }
        Opt::RealServer => Values::live(Live::Servers(line.service())),
        Opt::Scheduler => Values::live(Live::Schedulers),
        Opt::Engine => Values::live(Live::Engines),
        Opt::Interface => Values::live(Live::Interfaces),
        Opt::Netns => Values::live(Live::Namespaces),
        Opt::SchedFlags => {
            let scheduler = line.value(Opt::Scheduler).unwrap_or("wlc");
            let flags = Values::words(SchedulerFlags::all(scheduler));
            return wanted.with(flags).last_of_list();
        }
        // Numbers, masks and groups cannot be guessed.
        _ => Values::words(choice(option.row().long).iter().copied()),
    };
    wanted.with(values)
}

/// The valid words of the field that this option sets.
fn choice(long: &str) -> &'static [&'static str] {
    let is_own = |field: &&Field<Destination>| matches!(field.options, [FieldOption { long: own, fixed: None }] if *own == long);
    match Destination::fields().iter().find(is_own).map(|field| field.shape) {
        Some(Shape::Choice(words)) => words,
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::super::asked::{ask, offered};
    use super::*;

    #[test]
    fn required_options_are_offered_before_optional_ones() {
        assert_eq!(offered("-D "), ["-t", "-u", "--sctp-service", "-f", "--netns"]);
        assert_eq!(offered("-a -t 192.0.2.80:80 "), ["-r", "--netns"]);
        let rest = ["-s", "-p", "-M", "--pe", "-b", "--netns"];
        assert_eq!(offered("-A -t 192.0.2.80:80 -"), rest);
        assert!(offered("-A -u 192.0.2.80:80 -").contains(&"-o".to_owned()));
        assert_eq!(offered("-A -t 192.0.2.80:80 --sch"), ["--scheduler", "--sched-flags"]);
        assert_eq!(offered("-C "), ["--netns"]);
        assert_eq!(offered("--netns lb -Z --tcp"), ["--tcp-service"]);
    }

    #[test]
    fn conflicting_options_are_not_offered() {
        let listings = offered("-L -c -");
        assert!(listings.contains(&"-n".to_owned()), "{listings:?}");
        for wrong in ["-t", "--timeout", "--stats", "-c"] {
            assert!(!listings.contains(&wrong.to_owned()), "{wrong}: {listings:?}");
        }
        assert!(!offered("-a -t 192.0.2.80:80 -r 192.0.2.1 -g -").contains(&"-m".to_owned()));
        let tunnel = "-a -t 192.0.2.80:80 -r 192.0.2.1 -i";
        assert_eq!(offered(&format!("{tunnel} --tun")), ["--tun-type"]);
        let gre = offered(&format!("{tunnel} --tun-type gre --tun"));
        assert_eq!(gre, ["--tun-nocsum", "--tun-csum"]);
        assert!(offered("-f 7 -L -").is_empty() || !offered("-L -f 7 -6 -").contains(&"-6".into()));
        assert!(offered("-L -f 7 -").contains(&"-6".to_owned()));
    }

    #[test]
    fn values_are_found_in_every_form() {
        for line in ["-A -t X -s w", "-A -t X --scheduler w", "-AtX -sw", "-A --scheduler=w"] {
            let wanted = ask(line);
            assert_eq!(
                (&wanted.live[..], &*wanted.typed),
                (&[Live::Schedulers][..], "w"),
                "{line}"
            );
        }
        assert_eq!(ask("-A --scheduler=w").before, "--scheduler=");
        assert_eq!(ask("-AtX -sw").before, "-s");
        assert_eq!(ask("-Dt ").live, [Live::Services(Opt::Tcp)]);
        assert_eq!(ask("-A -p 300 -t ").live, [Live::OwnAddresses { port: true }]);
        assert_eq!(offered("--start-daemon m"), ["master"]);
        let key = ServiceKey::udp("192.0.2.80:53".parse().unwrap());
        assert_eq!(ask("-e -u 192.0.2.80:53 -r ").live, [Live::Servers(Some(key))]);
        assert_eq!(ask("--set 900 ").live, [Live::Timeout(1)]);
        assert_eq!(ask("--netns lb -L -t ").netns.as_deref(), Some("lb"));
    }

    #[test]
    fn a_list_of_flags_is_completed_at_its_end() {
        let wanted = ask("-A -s sh -b sh-port,sh");
        assert_eq!(wanted.before, "sh-port,");
        let words: Vec<String> = wanted.fixed.into_iter().map(|it| it.word).collect();
        assert_eq!(words, ["sh-fallback", "flag-1", "flag-2", "flag-3"]);
    }
}

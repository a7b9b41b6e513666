//! The help, the manual and the completions contain every option and every verb.

use std::process::Command;

use ipvsadm::internals::classic::Scanner;
use ipvsadm::internals::classic::options::{COMMANDS, Command as Classic, OPTIONS, Opt, SLOTS};
use ipvsadm::internals::cli::complete::wanted;
use ipvsadm::internals::cli::{Program, Request, verbs_command};

use super::{pages, read};

fn help(words: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_ipvsadm")).args(words).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{words:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn page(name: &str) -> String {
    let found = pages().into_iter().find(|(page, _)| page == name);
    read(&found.unwrap_or_else(|| panic!("no man/{name}")).1).replace("\\-", "-")
}

/// The page with the options of a verb.
fn page_of(verb: &str) -> String {
    let mark = format!(".\\\" begin options {verb}");
    let is_mark = |line: &str| line.strip_prefix(&mark).is_some_and(|it| !it.starts_with('-'));
    let mut texts = pages().into_iter().map(|(name, _)| page(&name));
    texts.find(|text| text.lines().any(is_mark)).unwrap_or_else(|| panic!("no page of {verb}"))
}

/// Completions of a word that begins with `typed`, after the words of `line`.
fn offered(line: &str, typed: &str) -> Vec<String> {
    let mut words = vec!["ipvsadm".to_owned()];
    words.extend(line.split_whitespace().map(str::to_owned));
    words.push(typed.to_owned());
    wanted(&words).fixed.into_iter().map(|candidate| candidate.word).collect()
}

#[test]
fn every_command_is_in_help_manual_and_completions() {
    let (help, page) = (help(&["-h"]), page("ipvsadm.8"));
    for row in COMMANDS {
        let long = format!("--{}", row.long);
        assert!(help.contains(&long), "-h: {long}");
        assert!(page.contains(&format!("\\fB{long}\\fR")), "ipvsadm.8: {long}");
        assert!(offered("", "--").contains(&long), "completions: {long}");
        for letter in row.short {
            assert!(page.contains(&format!("\\fB-{letter}\\fR")), "ipvsadm.8: -{letter}");
        }
        let short = row.short.first().map_or(long, |letter| format!("-{letter}"));
        assert!(offered("", "-").contains(&short), "completions: {short}");
    }
}

/// A command line to which the option can be added.
fn line_for(option: Opt) -> &'static str {
    match option {
        Opt::Tcp | Opt::Udp | Opt::Sctp | Opt::Fwmark => "-D",
        Opt::Ipv6 => "-L -f 7",
        Opt::RealServer => "-a -t 192.0.2.80:80",
        Opt::TunPort | Opt::TunRemcsum => "-a -t 192.0.2.80:80 -r 192.0.2.1 -i --tun-type gue",
        Opt::TunType | Opt::TunNocsum | Opt::TunCsum => {
            "-e -t 192.0.2.80:80 -r 192.0.2.1 -i --tun-type gre"
        }
        Opt::Ops => "-A -u 192.0.2.80:53",
        Opt::Full => "-S",
        _ => {
            let slot = option.row().slot.map(|slot| &SLOTS[slot as usize]);
            match slot.and_then(|slot| slot.allowed.first()) {
                Some(Classic::AddService) => "-A -t 192.0.2.80:80",
                Some(Classic::AddServer) => "-a -t 192.0.2.80:80 -r 192.0.2.1",
                Some(Classic::StartDaemon) => "--start-daemon master",
                _ => "-L",
            }
        }
    }
}

#[test]
fn every_option_is_in_help_manual_and_completions() {
    let (help, page) = (help(&["-h"]), page("ipvsadm.8"));
    for row in OPTIONS {
        let long = format!("--{}", row.long);
        assert!(help.contains(&long), "-h: {long}");
        assert!(page.contains(&format!("\\fB{long}\\fR")), "ipvsadm.8: {long}");
        let line = match row.option {
            Opt::Sort => continue, // the default, so it is not offered
            // After a tunnel type, the completion does not offer the option again.
            Opt::TunType => "-a -t 192.0.2.80:80 -r 192.0.2.1 -i",
            other => line_for(other),
        };
        assert!(offered(line, "--").contains(&long), "completions: {line} {long}");
        if let Some(letter) = row.short {
            let short = format!("-{letter}");
            assert!(page.contains(&format!("\\fB{short}\\fR, \\fB{long}\\fR")), "{short}");
            assert!(offered(line, "-").contains(&short), "completions: {line} {short}");
        }
    }
}

/// The parser accepts each option on the line for which it was offered.
#[test]
fn completions_are_legal() {
    for row in OPTIONS {
        let line = line_for(row.option);
        for word in offered(line, "--") {
            let option = OPTIONS.iter().find(|row| format!("--{}", row.long) == word);
            let Some(slot) = option.and_then(|row| row.slot) else { continue };
            let slot = &SLOTS[slot as usize];
            let command = COMMANDS.iter().find(|row| {
                let first = line.split(' ').next().unwrap_or_default();
                first.strip_prefix("--") == Some(row.long)
                    || row.short.iter().any(|letter| first == format!("-{letter}"))
            });
            let command = command.expect("a command first").command;
            let legal = slot.required.contains(&command) || slot.allowed.contains(&command);
            assert!(legal, "{line}: {word}");
        }
    }
}

#[test]
fn every_verb_is_in_help_manual_and_completions() {
    fn check(path: &str, command: &clap::Command, page: &str) {
        let words: Vec<&str> = path.split(' ').chain(["--help"]).collect();
        let help = help(&words);
        assert!(help.contains("EXAMPLES"), "{path} --help: no examples");
        for below in command.get_subcommands() {
            let path = format!("{path} {}", below.get_name());
            let words: Vec<&str> = path.rsplitn(2, ' ').collect();
            assert!(offered(words[1], "").contains(&words[0].to_owned()), "completions: {path}");
            check(&path, below, page);
        }
        if command.has_subcommands() {
            return;
        }
        assert!(page.contains(&format!("\\fBipvsadm {path}")), "no {path} in its page");
        for arg in command.get_arguments().filter(|arg| !arg.is_positional() && !arg.is_hide_set())
        {
            let long = format!("--{}", arg.get_long().expect("a long name"));
            assert!(help.contains(&long), "{path} --help: {long}");
            assert!(page.contains(&format!("\\fB{long}\\fR")), "page of {path}: {long}");
            assert!(offered(path, "--").contains(&long), "completions: {path} {long}");
        }
    }
    let classic = help(&["-h"]);
    let index = page("ipvsadm.8");
    for verb in verbs_command().get_subcommands() {
        let name = verb.get_name();
        assert!(classic.contains(name), "-h: {name}");
        assert!(index.contains(&format!("\\fBipvsadm {name}\\fR")), "ipvsadm.8: {name}");
        assert!(offered("", "").contains(&name.to_owned()), "completions: {name}");
        check(name, verb, &page_of(name));
    }
}

#[test]
fn save_and_restore_usage_is_in_their_pages() {
    for name in ["ipvsadm-save", "ipvsadm-restore"] {
        // With a name missing, the answer is the usage.
        let words = ["--netns".to_owned()];
        let request =
            Program::from_name(name).understand(&mut Scanner::default(), name, &words).unwrap();
        let Request::Told { text: usage, .. } = request else { panic!("{name}: {request:?}") };
        let page = page(&format!("{name}.8"));
        let (synopsis, rest) = page.split_once("\n.SH DESCRIPTION\n").unwrap();
        let options: Vec<&str> =
            usage.lines().skip(1).filter_map(|it| it.split_whitespace().next()).collect();
        assert!(options.contains(&"--netns"), "{usage}");
        for option in options {
            assert!(
                synopsis.contains(&format!("[ {option} "))
                    || synopsis.contains(&format!("[ {option}\n")),
                "{name}.8: {option}"
            );
            let described = rest.contains(&format!("\\fB{option}\\fR"))
                || rest.contains(&format!("\n.B {option}\n"));
            assert!(described, "{name}.8: {option}");
        }
    }
}

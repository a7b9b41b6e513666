//! Random commands over few addresses, so that they affect each other. Most are valid.

use std::fmt::Write;

use crate::prng::Random;

mod pools;
use pools::{
    JUNK, KINDS, NUMBERS, ODD_NUMBERS, ODD_SERVERS, ODD_SERVICES, SCHEDULERS, SERVERS, SERVICES,
};

/// A command line and its standard input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    pub words: Vec<String>,
    pub stdin: Option<String>,
}

/// A generated command, and a variant with the service first. The old program's result can depend
/// on the order of options; the variant avoids that.
pub struct Generated {
    pub given: Command,
    pub ordered: Command,
}

/// An option: its letter, its name, and its value.
#[derive(Clone, Debug)]
struct Part {
    letter: &'static str,
    name: &'static str,
    value: Option<String>,
    /// Words that must follow directly.
    tail: Vec<String>,
}

/// Generator of commands.
pub struct Generator {
    random: Random,
}

impl Generator {
    pub fn new(seed: u64) -> Self {
        Self { random: Random::new(seed) }
    }

    /// Generates the next command.
    pub fn command(&mut self) -> Generated {
        match self.kind() {
            "-R" => self.file(),
            kind => {
                let [given, ordered] = self.line(kind, 22);
                let command = |words| Command { words, stdin: None };
                Generated { given: command(given), ordered: command(ordered) }
            }
        }
    }

    fn kind(&mut self) -> &'static str {
        let total = KINDS.iter().map(|kind| kind.0).sum();
        let mut at = self.random.below(total);
        for (weight, kind) in KINDS {
            if at < *weight {
                return kind;
            }
            at -= weight;
        }
        "-L"
    }

    /// Generates a rule file whose lines only the kernel may refuse.
    fn file(&mut self) -> Generated {
        let [mut given, mut ordered] = [String::new(), String::new()];
        for _ in 0..self.random.below(6) {
            let kind = self.kind();
            if matches!(kind, "-R" | "-L" | "-S" | "--start-daemon" | "--stop-daemon") {
                continue;
            }
            let [line, in_order] = self.line(kind, 0);
            if line.iter().all(|word| !word.is_empty() && !word.contains(' ')) {
                let _ = writeln!(given, "{}", line.join(" "));
                let _ = writeln!(ordered, "{}", in_order.join(" "));
            }
        }
        let command = |text| Command { words: vec!["-R".to_owned()], stdin: Some(text) };
        Generated { given: command(given), ordered: command(ordered) }
    }

    /// Generates a command line, and the variant with the service first. `mistakes` is the
    /// percentage of lines with a mistake.
    fn line(&mut self, kind: &'static str, mistakes: usize) -> [Vec<String>; 2] {
        let odd = if mistakes > 0 { 4 } else { 0 };
        let mut parts = self.parts(kind, odd);
        if self.random.percent(mistakes) {
            self.spoil(&mut parts, kind);
        }
        if self.random.percent(60) {
            self.random.shuffle(&mut parts);
        }
        let command = self.head(kind);
        let mut spelled: Vec<(bool, Vec<String>)> =
            parts.iter().map(|part| (is_service(part), self.spell(part))).collect();
        let mut given = joined(&command, &spelled);
        spelled.sort_by_key(|part| !part.0);
        let mut ordered = joined(&command, &spelled);
        if self.random.percent(mistakes / 5) {
            let word = self.random.pick(JUNK).to_owned();
            given.insert(self.random.below(given.len() + 1), word);
            ordered.clone_from(&given);
        }
        [given, ordered]
    }

    /// The command word in a random spelling.
    fn head(&mut self, kind: &'static str) -> Vec<String> {
        let long = match kind {
            "-A" => "--add-service",
            "-E" => "--edit-service",
            "-D" => "--delete-service",
            "-a" => "--add-server",
            "-e" => "--edit-server",
            "-d" => "--delete-server",
            "-L" => "-l",
            "-S" => "--save",
            "-Z" => "--zero",
            "-C" => "--clear",
            _ => kind,
        };
        let word = if self.random.percent(15) { long } else { kind };
        let mut words = vec![word.to_owned()];
        if kind.ends_with("daemon") {
            words.push(
                self.random.pick(&["master", "backup", "backup", "master", "both"]).to_owned(),
            );
        }
        words
    }

    fn parts(&mut self, kind: &str, odd: usize) -> Vec<Part> {
        let mut parts = Vec::new();
        let with_service = matches!(kind, "-A" | "-E" | "-D" | "-a" | "-e" | "-d")
            || matches!(kind, "-L" | "-Z") && self.random.percent(30);
        if with_service {
            parts.push(self.service(odd));
        }
        match kind {
            "-A" | "-E" => self.service_options(&mut parts, odd),
            "-a" | "-e" => self.server_options(&mut parts, odd),
            "-d" => parts.push(self.server(odd)),
            "-L" => self.list_options(&mut parts, !with_service),
            "-S" => parts.push(part("-n", "--numeric")),
            "--set" => parts.push(Part {
                letter: "",
                name: "",
                value: None,
                tail: (0..3).map(|_| self.number(odd)).collect(),
            }),
            "--start-daemon" => self.daemon_options(&mut parts, odd),
            _ => {}
        }
        parts
    }

    fn service(&mut self, odd: usize) -> Part {
        let (letter, name, value) = self.random.pick(SERVICES);
        let mut words = value.split(' ').map(str::to_owned);
        let mut value = words.next();
        if self.random.percent(odd) {
            value = Some(self.random.pick(ODD_SERVICES).to_owned());
        }
        Part { letter, name, value, tail: words.collect() }
    }

    fn server(&mut self, odd: usize) -> Part {
        let odd = self.random.percent(odd);
        let value = self.random.pick(if odd { ODD_SERVERS } else { SERVERS });
        valued("-r", "--real-server", value)
    }

    fn number(&mut self, odd: usize) -> String {
        let odd = self.random.percent(odd);
        self.random.pick(if odd { ODD_NUMBERS } else { NUMBERS }).to_owned()
    }

    fn service_options(&mut self, parts: &mut Vec<Part>, odd: usize) {
        let scheduler =
            if self.random.percent(odd) { "nosuch" } else { self.random.pick(SCHEDULERS) };
        if self.random.percent(80) {
            parts.push(valued("-s", "--scheduler", scheduler));
        }
        let persistent = self.random.percent(45);
        if persistent {
            let value = if self.random.percent(30) { None } else { Some(self.number(odd)) };
            parts.push(Part { value, ..part("-p", "--persistent") });
        }
        if persistent && self.random.percent(40) {
            let six = parts[0].value.as_ref().is_some_and(|value| value.matches(':').count() > 1)
                || !parts[0].tail.is_empty();
            let masks: &[&str] = if six {
                &["64", "128", "1", "129", "48x"]
            } else {
                &["255.255.255.0", "255.0.0.0", "255.255.255.255", "255.255.255.256", "0.0.0.24"]
            };
            parts.push(valued("-M", "--netmask", self.random.pick(masks)));
        }
        if self.random.percent(20) {
            parts.push(part("-o", "--ops"));
        }
        if self.random.percent(12) {
            parts.push(valued("", "--pe", self.random.pick(&["sip", "sip", "nosuch", ""])));
        }
        if self.random.percent(25) {
            let flags: &[&str] = match scheduler {
                "sh" => &["sh-port", "sh-fallback", "sh-port,sh-fallback", "flag-1", "mh-port"],
                "mh" => &["mh-port", "mh-fallback", "mh-fallback,mh-port", "flag-2", "sh-port"],
                _ => &["flag-1", "flag-2,flag-1", "sh-port", "x", ""],
            };
            parts.push(valued("-b", "--sched-flags", self.random.pick(flags)));
        }
    }

    fn server_options(&mut self, parts: &mut Vec<Part>, odd: usize) {
        parts.push(self.server(odd));
        let (letter, name) = self.random.pick(&[
            ("-m", "--masquerading"),
            ("-m", "--masquerading"),
            ("-g", "--gatewaying"),
            ("-i", "--ipip"),
            ("", ""),
        ]);
        if !name.is_empty() {
            parts.push(part(letter, name));
        }
        for (letter, name, chance) in
            [("-w", "--weight", 60), ("-x", "--u-threshold", 25), ("-y", "--l-threshold", 12)]
        {
            if self.random.percent(chance) {
                parts.push(Part { value: Some(self.number(odd)), ..part(letter, name) });
            }
        }
        if self.random.percent(if letter == "-i" { 55 } else { 3 }) {
            self.tunnel_options(parts, odd);
        }
    }

    fn tunnel_options(&mut self, parts: &mut Vec<Part>, odd: usize) {
        let kind = self.random.pick(&["ipip", "gue", "gue", "gre", "gre"]);
        parts.push(valued("", "--tun-type", kind));
        if kind == "gue" && self.random.percent(90) || self.random.percent(5) {
            parts.push(Part { value: Some(self.number(odd)), ..part("", "--tun-port") });
        }
        if self.random.percent(50) {
            parts
                .push(part("", self.random.pick(&["--tun-csum", "--tun-nocsum", "--tun-remcsum"])));
        }
    }

    fn list_options(&mut self, parts: &mut Vec<Part>, whole: bool) {
        if self.random.percent(85) {
            parts.push(part("-n", "--numeric"));
        }
        if whole && self.random.percent(15) {
            parts.push(part("", self.random.pick(&["--timeout", "--daemon", "--connection"])));
        }
        for name in [
            "--stats",
            "--rate",
            "--thresholds",
            "--persistent-conn",
            "--tun-info",
            "--exact",
            "--nosort",
            "--sort",
        ] {
            if self.random.percent(12) {
                parts.push(part("", name));
            }
        }
    }

    fn daemon_options(&mut self, parts: &mut Vec<Part>, odd: usize) {
        if self.random.percent(90) {
            parts.push(valued(
                "",
                "--mcast-interface",
                self.random.pick(&["sync0", "sync0", "lo", "nosuch0"]),
            ));
        }
        for name in ["--syncid", "--mcast-port", "--mcast-ttl"] {
            if self.random.percent(25) {
                parts.push(Part { value: Some(self.number(odd)), ..part("", name) });
            }
        }
        if self.random.percent(25) {
            parts.push(valued(
                "",
                "--mcast-group",
                self.random.pick(&["224.0.0.99", "ff05::81", "10.0.0.1", "x"]),
            ));
        }
    }

    /// Adds one mistake.
    fn spoil(&mut self, parts: &mut Vec<Part>, kind: &str) {
        let at = self.random.below(parts.len().max(1));
        let other = self.random.pick(&["-A", "-a", "-L", "--start-daemon"]);
        match self.random.below(4) {
            0 if !parts.is_empty() => drop(parts.remove(at)),
            1 if !parts.is_empty() && kind != "--set" => parts.push(parts[at].clone()),
            2 => {
                let mut others = self.parts(other, 10);
                let nth = self.random.below(others.len().max(1));
                parts.extend((!others.is_empty()).then(|| others.swap_remove(nth)));
            }
            _ => {
                let odd = self.random.pick(&[ODD_NUMBERS, ODD_SERVICES, ODD_SERVERS, JUNK]);
                let odd = self.random.pick(odd).to_owned();
                if let Some(part) =
                    parts.get_mut(at).filter(|part| part.value.is_some() && part.letter != "-M")
                {
                    part.value = Some(odd);
                }
            }
        }
    }

    /// Writes an option in a random spelling.
    fn spell(&mut self, part: &Part) -> Vec<String> {
        let long = part.letter.is_empty() || self.random.percent(20);
        let name = if long { part.name } else { part.letter }.to_owned();
        let mut words = match &part.value {
            _ if name.is_empty() => Vec::new(),
            None => vec![name],
            Some(value) if part.letter == "-p" => vec![format!("{name}={value}")],
            Some(value) => match self.random.below(6) {
                0 => vec![format!("{name}={value}")],
                1 if !long && !value.is_empty() => vec![format!("{name}{value}")],
                _ => vec![name, value.clone()],
            },
        };
        words.extend(part.tail.iter().cloned());
        words
    }
}

fn part(letter: &'static str, name: &'static str) -> Part {
    Part { letter, name, value: None, tail: Vec::new() }
}

fn valued(letter: &'static str, name: &'static str, value: &str) -> Part {
    Part { value: Some(value.to_owned()), ..part(letter, name) }
}

fn joined(command: &[String], options: &[(bool, Vec<String>)]) -> Vec<String> {
    let options = options.iter().flat_map(|option| option.1.clone());
    command.iter().cloned().chain(options).collect()
}

fn is_service(part: &Part) -> bool {
    part.name.ends_with("-service") && !part.name.starts_with("--add")
}

//! The parts of man pages that are generated from tables.

use std::ffi::OsStr;

use clap::Arg;
use ipvsadm::internals::classic::options::{COMMANDS, Command, Group, OPTIONS, SLOTS, Takes};
use ipvsadm::internals::cli::verbs_command;
use ipvsadm::internals::metrics::watch::WATCH;
use ipvsadm::internals::metrics::{DAEMON, DIRECTOR, Kind, Metric, SERVER, SERVICE};
use ipvsadm::model::SCHEDULERS;

use super::roff::{bold, sentence, text, value};
use super::{BEGIN, json, pages};

/// The text between the marks `begin NAME` and `end`.
pub fn part(name: &str) -> String {
    match name.split_once(' ').unwrap_or((name, "")) {
        ("commands", "") => commands(),
        ("schedulers", "") => schedulers(),
        ("verbs", "") => verbs(),
        ("json", "") => json::page(),
        ("options", "global") => globals(|_| true),
        ("globals", verb) => {
            let own = command(verb);
            let hides = |arg: &Arg| own.get_arguments().any(|it| it.get_id() == arg.get_id());
            globals(|arg| !hides(arg))
        }
        ("options", group) => match options_of(group) {
            Some(group) => options(group),
            None => arguments(group),
        },
        ("status", verb) => status(verb),
        ("metrics", of) => metrics(of),
        _ => panic!("no part of that name: {name}"),
    }
}

fn item(heading: &str, body: &str) -> String {
    format!(".TP\n{heading}\n{body}")
}

fn heading(short: &[char], long: &str, takes: Takes) -> String {
    let mut names: Vec<String> = short.iter().map(|letter| bold(&format!("-{letter}"))).collect();
    names.push(bold(&format!("--{long}")));
    let value = match takes {
        Takes::Nothing => String::new(),
        Takes::Value(word) => format!(" {}", value(word)),
        Takes::Perhaps(word) => format!(" [{}]", value(word)),
    };
    format!("{}{value}", names.join(", "))
}

fn commands() -> String {
    let rows = COMMANDS.iter().map(|row| {
        let mut heading = heading(row.short, row.long, row.takes);
        if row.command == Command::Set {
            heading += " \\fITCP TCPFIN UDP\\fR";
        }
        item(&heading, &text(&format!("{} {}", sentence(row.help), row.command.details())))
    });
    rows.collect()
}

fn options_of(name: &str) -> Option<Group> {
    Some(match name {
        "service" => Group::Service,
        "scheduling" => Group::Scheduling,
        "server" => Group::Server,
        "daemon" => Group::Daemon,
        "listing" => Group::Listing,
        "everywhere" => Group::Everywhere,
        _ => return None,
    })
}

fn options(group: Group) -> String {
    let rows = OPTIONS.iter().filter(|row| row.option.group() == group).map(|row| {
        let short: Vec<char> = row.short.into_iter().collect();
        let commands = row.slot.map(|slot| &SLOTS[slot as usize]).map(|slot| {
            let all = slot.required.iter().chain(slot.allowed);
            all.map(|command| letter(*command)).collect::<Vec<_>>()
        });
        let with = match commands {
            Some(commands) if commands.len() <= 8 => format!("With {}.", commands.join(", ")),
            _ => String::new(),
        };
        let body = format!("{} {} {with}", sentence(&row.help()), row.option.details());
        item(&heading(&short, row.long, row.takes), &text(&body))
    });
    rows.collect()
}

fn letter(command: Command) -> String {
    let row = command.row();
    row.short.first().map_or_else(|| format!("--{}", row.long), |letter| format!("-{letter}"))
}

/// The metrics of the director, of each service or of each real server.
fn metrics(of: &str) -> String {
    fn items<T>(metrics: &[Metric<T>]) -> String {
        let row = |metric: &Metric<T>| {
            let name = match metric.kind {
                Kind::Counter => format!("{}_total", metric.name),
                Kind::Gauge => metric.name.to_owned(),
            };
            item(&bold(&name), &text(metric.help))
        };
        metrics.iter().map(row).collect()
    }
    match of {
        "director" => items(&DIRECTOR) + &item(&bold(DAEMON.0), &text(DAEMON.1)),
        "service" => items(&SERVICE),
        "server" => items(&SERVER),
        "watch" => items(&WATCH),
        _ => panic!("no metrics of {of}"),
    }
}

fn schedulers() -> String {
    let kinds = SCHEDULERS.iter();
    kinds.map(|kind| item(&bold(kind.name), &text(&sentence(kind.help)))).collect()
}

fn verbs() -> String {
    let command = verbs_command();
    let verbs = command.get_subcommands().map(|verb| {
        let about = verb.get_about().map(ToString::to_string).unwrap_or_default();
        let page = page_of(verb.get_name());
        item(&bold(&format!("ipvsadm {}", verb.get_name())), &text(&(sentence(&about) + &page)))
    });
    verbs.collect()
}

/// A reference to the page with the options of a verb; empty if that is ipvsadm(8) itself.
fn page_of(verb: &str) -> String {
    let mark = format!("{BEGIN}options {verb}");
    let is_mark =
        |line: &str| matches!(line.strip_prefix(&mark), Some(rest) if !rest.starts_with('-'));
    let page = pages().into_iter().find(|(_, text)| text.lines().any(is_mark));
    let path = page.unwrap_or_else(|| panic!("no page in man/ has the line `{mark}'")).0;
    match path.file_stem().and_then(OsStr::to_str) {
        Some("ipvsadm") | None => String::new(),
        Some(name) => format!(" See {name}(8)."),
    }
}

/// The clap command of a subcommand such as `rs prepare`.
fn command(path: &str) -> clap::Command {
    let mut command = verbs_command();
    for name in path.split(' ') {
        let below = command.find_subcommand(name);
        command = below.unwrap_or_else(|| panic!("no verb {path}")).clone();
    }
    command
}

fn arguments(verb: &str) -> String {
    let command = command(verb);
    let positionals = command.get_positionals();
    let options = command.get_arguments().filter(|arg| !arg.is_positional() && !arg.is_hide_set());
    let (needed, others): (Vec<&Arg>, Vec<&Arg>) = options.partition(|arg| arg.is_required_set());
    positionals.chain(needed).chain(others).map(argument).collect()
}

/// The options of every verb that `is_shown` accepts.
fn globals(is_shown: impl Fn(&Arg) -> bool) -> String {
    let command = verbs_command();
    let help =
        item(&format!("{}, {}", bold("-h"), bold("--help")), "Print a summary with examples.\n");
    let shown = command.get_arguments().filter(|arg| is_shown(arg));
    shown.map(argument).collect::<String>() + &help
}

fn argument(arg: &Arg) -> String {
    let mut names: Vec<String> =
        arg.get_short().map(|letter| bold(&format!("-{letter}"))).into_iter().collect();
    names.extend(arg.get_long().map(|long| bold(&format!("--{long}"))));
    let names = names.join(", ");
    let takes_value = arg.get_action().takes_values();
    let values = arg.get_value_names().filter(|_| takes_value).unwrap_or_default();
    let is_optional = arg.get_num_args().is_some_and(|range| range.min_values() == 0);
    let values: Vec<String> = values
        .iter()
        .map(|name| if is_optional { format!("[{}]", value(name)) } else { value(name) })
        .collect();
    let heading = [names, values.join(" ")].join(" ");
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let possible = arg.get_possible_values();
    let mut body = if help.ends_with('.') { help } else { format!("{help}.") };
    if takes_value && !possible.is_empty() {
        let words: Vec<String> =
            possible.iter().map(|value| format!("`{}`", value.get_name())).collect();
        body += &format!(" One of {}.", words.join(", "));
    }
    if let Some(default) = arg.get_default_values().first().filter(|_| takes_value) {
        body += &format!(" Default: `{}`.", default.to_string_lossy());
    }
    item(heading.trim(), &text(&body))
}

/// The exit statuses, taken from the help text so that there is only one list.
fn status(verb: &str) -> String {
    let help = command(verb).get_after_help().map(ToString::to_string).unwrap_or_default();
    let (_, rest) = help.split_once("EXIT STATUS\n").expect("exit statuses in the help");
    let lines = rest.lines().take_while(|line| !line.is_empty());
    let items = lines.map(|line| {
        let (number, meaning) = line.trim().split_once(' ').expect("a number and its meaning");
        item(&bold(number), &text(&sentence(meaning.trim())))
    });
    items.collect()
}

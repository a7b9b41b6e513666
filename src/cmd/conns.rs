//! `ipvsadm conns`: the connections that match a filter, and counts of them.

use std::fs::File;
use std::io::{self, BufReader};
use std::net::IpAddr;

use crate::cli::{ConnsVerb, Sort};
use crate::error::Error;
use crate::json::Writer;
use crate::json::connection::{self, ConnectionFields, CountFields, SharesFields};
use crate::model::{By, Comparison, Connection, ConnectionFilter, Groups, Shares};
use crate::output::conns as text;
use crate::system::connections::{connections, copied};
use crate::system::sudo::caller_can_read;

use super::Session;
use super::outcome::{TROUBLE, unread};

/// Connections that are formatted at a time, for columns of one width.
const AT_ONCE: usize = 1024;

/// Exit status: the connections cannot be read.
const UNREADABLE: u8 = 1;
/// Exit status of `compare`: the two directors have different connections.
const DIFFERENT: u8 = 1;

/// Connections, read one by one.
type Stream = Box<dyn Iterator<Item = Result<Connection, Error>>>;

pub(super) fn run(session: &mut Session<'_>, verb: &ConnsVerb, json: bool) -> Result<u8, Error> {
    match carry_out(session, verb, json) {
        // A mistake in a copy. Nobody expects a list to change anything, so leave out that hint.
        Err(error @ (Error::Mistakes { .. } | Error::Withheld { .. })) => {
            session.complain_of_input(&error);
            Ok(UNREADABLE)
        }
        outcome => outcome,
    }
}

fn carry_out(session: &mut Session<'_>, verb: &ConnsVerb, json: bool) -> Result<u8, Error> {
    match verb {
        ConnsVerb::List { filter, sort, top, from } => {
            let found = selected(stream(session, from.as_deref())?, filter.clone());
            let found = shortened(found, *sort, *top)?;
            if json { list_json(session, found) } else { list(session, found) }
        }
        ConnsVerb::Count { filter, by, top, from } => {
            let found = selected(stream(session, from.as_deref())?, filter.clone());
            count(session, found, *by, top.unwrap_or(usize::MAX), json)
        }
        ConnsVerb::Compare { there, here } => match compare(session, there, here.as_deref()) {
            Ok((connections, templates)) => told(session, connections, templates, json),
            Err(error) => Ok(unread(session, &error)),
        },
    }
}

fn stream(session: &Session<'_>, from: Option<&str>) -> Result<Stream, Error> {
    Ok(match from {
        Some("-") => {
            Box::new(copied(io::stdin()).map(|found| found.map_err(|error| error.in_file("-"))))
        }
        Some(path) => {
            let file = Opened::open(session, path)?;
            let named = file.named();
            Box::new(copied(file.file).map(move |found| found.map_err(&named)))
        }
        None => Box::new(connections()?),
    })
}

/// A file of the command line.
struct Opened {
    file: File,
    path: String,
    /// The user who called sudo may see the content of the file.
    is_shown: bool,
}

impl Opened {
    fn open(session: &Session<'_>, path: &str) -> Result<Self, Error> {
        let failed = |source| Error::File { path: path.to_owned(), source };
        let file = File::open(session.args.path(path)).map_err(failed)?;
        let is_shown = caller_can_read(&file);
        Ok(Self { file, path: path.to_owned(), is_shown })
    }

    /// Adds the name of the file to an error about its content.
    fn named(&self) -> impl Fn(Error) -> Error + use<> {
        let (path, is_shown) = (self.path.clone(), self.is_shown);
        move |error| match error {
            Error::Io(source) => Error::System { action: format!("read {path}"), source },
            error if is_shown => error.in_file(&path),
            error => error.without_excerpt(&path),
        }
    }
}

fn selected(stream: Stream, filter: ConnectionFilter) -> Stream {
    Box::new(stream.filter(move |found| match found {
        Ok(connection) => filter.matches(connection),
        Err(_) => true,
    }))
}

/// Sorts, and keeps the first `top`. Holds at most twice as many (or [`AT_ONCE`]) at a time.
fn shortened(found: Stream, sort: Option<Sort>, top: Option<usize>) -> Result<Stream, Error> {
    let top = top.unwrap_or(usize::MAX);
    let Some(sort) = sort else { return Ok(Box::new(found.take(top))) };
    let mut kept: Vec<Connection> = Vec::new();
    for connection in found {
        kept.push(connection?);
        if kept.len() >= top.saturating_mul(2).max(AT_ONCE) {
            order(&mut kept, sort);
            kept.truncate(top);
        }
    }
    order(&mut kept, sort);
    kept.truncate(top);
    Ok(Box::new(kept.into_iter().map(Ok)))
}

fn order(connections: &mut [Connection], sort: Sort) {
    type Endpoint = (IpAddr, u16);
    let service =
        |it: &Connection| -> (String, Endpoint) { (it.protocol.clone(), it.virtual_server) };
    match sort {
        Sort::Client => connections.sort_by_key(|it| it.client),
        Sort::Server => connections.sort_by_key(|it| it.destination),
        Sort::Service => connections.sort_by_key(service),
        Sort::State => connections.sort_by(|a, b| a.state.cmp(&b.state)),
        Sort::Expires => connections.sort_by_key(|it| std::cmp::Reverse(it.expires)),
    }
}

fn list(session: &mut Session<'_>, found: Stream) -> Result<u8, Error> {
    let mut columns = text::Columns::new();
    let mut found = found.peekable();
    loop {
        let some: Vec<Connection> = found.by_ref().take(AT_ONCE).collect::<Result<_, _>>()?;
        columns.print(session.out, &some)?;
        if found.peek().is_none() {
            return Ok(0);
        }
    }
}

fn list_json(session: &mut Session<'_>, found: Stream) -> Result<u8, Error> {
    let style = session.json_style();
    let mut writer = Writer::new(session.out, style)?;
    writer.list("connections")?;
    for connection in found {
        writer.item(&ConnectionFields::from(&connection?))?;
    }
    writer.end_list()?;
    writer.end()?;
    Ok(0)
}

fn count(
    session: &mut Session<'_>,
    found: Stream,
    by: By,
    top: usize,
    json: bool,
) -> Result<u8, Error> {
    let mut groups = Groups::new(by);
    for connection in found {
        groups.add(&connection?);
    }
    let total = groups.total;
    let mut groups = groups.largest_first();
    groups.truncate(top);
    if !json {
        let title = match by {
            By::Client => "Client",
            By::Server => "Server",
            By::Service => "Service",
            By::State => "State",
        };
        text::counts(session.out, title, &groups, total)?;
        return Ok(0);
    }
    let style = session.json_style();
    let mut writer = Writer::new(session.out, style)?;
    writer.field("connections", &total.connections)?;
    writer.field("established", &total.established)?;
    writer.list("groups")?;
    for (group, count) in &groups {
        writer.item(&CountFields::new(group, *count))?;
    }
    writer.end_list()?;
    writer.end()?;
    Ok(0)
}

/// Compares connections and templates separately, because one template stands for all connections
/// of a client.
fn compare(
    session: &Session<'_>,
    there: &str,
    here: Option<&str>,
) -> Result<(Shares, Shares), Error> {
    let [mut connections, mut templates] = [Comparison::default(), Comparison::default()];
    for connection in saved(session, there)? {
        let side = if connection.is_template() { &mut templates } else { &mut connections };
        side.add_there(&connection);
    }
    let own: Stream = match here {
        Some(file) => Box::new(saved(session, file)?.into_iter().map(Ok)),
        None => stream(session, None)?,
    };
    for connection in own {
        let connection = connection?;
        let side = if connection.is_template() { &mut templates } else { &mut connections };
        side.add_here(&connection);
    }
    Ok((connections.shares(), templates.shares()))
}

fn saved(session: &Session<'_>, path: &str) -> Result<Vec<Connection>, Error> {
    if path == "-" {
        return connection::read(io::stdin().lock()).map_err(|error| error.in_file(path));
    }
    let file = Opened::open(session, path)?;
    let named = file.named();
    connection::read(BufReader::new(file.file)).map_err(named)
}

fn told(
    session: &mut Session<'_>,
    connections: Shares,
    templates: Shares,
    json: bool,
) -> Result<u8, Error> {
    let equal = connections.are_equal() && templates.are_equal();
    let status = if equal { 0 } else { DIFFERENT };
    session.settle_report(status, TROUBLE);
    if json {
        let style = session.json_style();
        let mut writer = Writer::new(session.out, style)?;
        writer.field("equal", &equal)?;
        writer.field("connections", &SharesFields::from(connections))?;
        writer.field("templates", &SharesFields::from(templates))?;
        writer.end()?;
    } else {
        text::comparison(session.out, connections, templates)?;
    }
    let all = |part: fn(&Shares) -> u64| part(&connections) + part(&templates);
    let hint = match (all(|it| it.only_here), all(|it| it.only_there)) {
        (1.., 0) => Some(
            "the other director lacks connections of this director, but not the other way round",
        ),
        (0, 1..) => Some(
            "this director lacks connections of the other director, but not the other way round",
        ),
        _ => None,
    };
    if let Some(hint) = hint {
        let daemon = "the sync daemons of both directors need the same --syncid; to list them: \
                      ipvsadm -L --daemon";
        session.hint(&[hint.to_owned(), daemon.to_owned()]);
    }
    Ok(status)
}

//! `rs` and `director`: prepare a host, undo that, look at it.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::thread;
use std::time::{Duration, Instant};

use super::Session;
use crate::cli::HostVerb;
use crate::error::{Error, Obstacle};
use crate::host::balancing;
use crate::host::preparation::{Preparation, line};
use crate::host::runner::{boot, owner, services};
use crate::host::{
    ArpMethod, Director, Finding, Images, Keep, Mode, Planned, Question, RealServer, Report, State,
    Wish, loud, script,
};
use crate::json::document;
use crate::model::{RouteImage, printable};
use crate::netlink::route;
use crate::output::paint::{Paint, Tone};
use crate::system::frames::hardware;
use crate::system::namespace::is_process;

/// How long the host may take until what was done shows.
const SETTLING: Duration = Duration::from_secs(2);

/// How to report, and whether to do anything.
#[derive(Clone, Copy)]
struct How {
    dry_run: bool,
    static_entry: bool,
    json: bool,
}

pub(super) fn run(
    session: &mut Session<'_>,
    host: &'static str,
    verb: &HostVerb,
    netns: Option<&str>,
    json: bool,
) -> Result<u8, Error> {
    match verb {
        HostVerb::Prepare { wish, persist, dry_run, static_entry } => {
            let keep = if *persist { Keep::Everything(lasting(netns)?) } else { Keep::Nothing };
            let report = Report::new(host, "prepare");
            let mode = How { dry_run: *dry_run, static_entry: *static_entry, json };
            prepare(session, report, wish, keep, mode)
        }
        HostVerb::Undo { holders, dry_run } => {
            undo(session, Report::new(host, "undo"), holders.as_ref(), *dry_run, json)
        }
        HostVerb::Status(wish) => status(session, Report::new(host, "status"), wish.as_ref(), json),
    }
}

/// What a unit can say at the next boot.
fn lasting(netns: Option<&str>) -> Result<Option<&str>, Obstacle> {
    match netns {
        Some(process) if is_process(process) => Err(Obstacle::Wish(format!(
            "--persist: process {process} is gone after a boot; say --netns with a name that its \
             network namespace has after every boot"
        ))),
        other => Ok(other),
    }
}

fn prepare(
    session: &mut Session<'_>,
    mut report: Report,
    wish: &Wish,
    keep: Keep<'_>,
    How { dry_run, static_entry, json }: How,
) -> Result<u8, Error> {
    let mut preparation = open(report.host, dry_run)?;
    let plan = plan(&mut preparation, wish, keep)?;
    let work = preparation.work(wish, plan)?;
    for (step, holds) in &work.steps {
        let state = match (holds, dry_run) {
            (true, _) => State::Already,
            (false, true) => State::Planned,
            (false, false) => State::Done,
        };
        report.steps.push(line(step, state, None));
    }
    report.notes = notes(wish);
    report.notes.extend(boot::overridden(work.steps.iter().map(|(step, _)| step)));
    report.notes.extend(balanced_here(&mut preparation, wish)?);
    if let Wish::Director(director) = wish
        && static_entry
    {
        report.notes.extend(entries(&mut preparation, director)?);
    }
    if dry_run {
        if !json {
            let text = script(work.open_steps(), &report.notes);
            session.out.write_all(text.as_bytes())?;
            return Ok(0);
        }
        return tell(session, &report, json);
    }
    let before = preparation.ledger.clone();
    report.changed = preparation.carry_out(work)?;
    report.findings = settled(&mut preparation, wish)?;
    if let Some(wrong) = report.findings.iter().find(|finding| !finding.ok) {
        let error = Error::NotEffective(wrong.text.clone());
        return Err(preparation.take_back(before, error));
    }
    if !report.changed {
        report.notes.push("nothing to do: this host is as wished".to_owned());
    }
    tell(session, &report, json)
}

/// A dry run needs neither the lock nor root.
fn open(host: &'static str, dry_run: bool) -> Result<Preparation, Error> {
    if dry_run {
        return Preparation::look(host);
    }
    if !nix::unistd::geteuid().is_root() {
        return Err(Obstacle::NotRoot.into());
    }
    Preparation::lock(host)
}

fn plan(preparation: &mut Preparation, wish: &Wish, keep: Keep<'_>) -> Result<Vec<Planned>, Error> {
    let facts = preparation.host.facts(&wish.question())?;
    let images = Images {
        default_route: &route::default_route,
        // An image from the kernel itself can be read.
        with_advmss: &|image: &RouteImage, advmss| {
            route::with_advmss(image, advmss).unwrap_or_else(|_| image.clone())
        },
    };
    let planned = crate::host::plan(wish, &facts, &preparation.ledger, &images, keep);
    Ok(planned.map_err(|obstacle| owner::named(obstacle, &facts))?)
}

/// What the host's own IPVS table takes away from the daemons here. A host may be about to change
/// its role, so this refuses nothing.
fn balanced_here(preparation: &mut Preparation, wish: &Wish) -> Result<Vec<String>, Error> {
    let services = services::own();
    if services.is_empty() {
        return Ok(Vec::new());
    }
    let facts = preparation.host.facts(&Question::default())?;
    let (findings, mut notes) = balancing::judge(wish, &facts, &services);
    notes.extend(findings.into_iter().map(|finding| finding.text));
    Ok(notes)
}

/// What is found after the work. The kernel makes the local route of a new IPv6 address when it
/// comes to it, on a busy machine noticeably later than it answers.
fn settled(preparation: &mut Preparation, wish: &Wish) -> Result<Vec<Finding>, Error> {
    let limit = Instant::now() + SETTLING;
    loop {
        let findings = wish.judge(&preparation.host.facts(&after(wish))?);
        if findings.iter().all(|finding| finding.ok) || Instant::now() >= limit {
            return Ok(findings);
        }
        thread::sleep(Duration::from_millis(20));
    }
}

/// After the work nobody need be asked for the addresses.
fn after(wish: &Wish) -> Question {
    Question { answers: None, ..wish.question() }
}

/// What the front gateway is told where real servers cannot be silenced.
fn entries(preparation: &mut Preparation, wish: &Director) -> Result<Vec<String>, Error> {
    let mac = hardware(&preparation.host.mac(&wish.interface)?);
    let entry = |vip: &IpAddr| {
        format!(
            "on the front gateway: ip neighbour replace {vip} lladdr {mac} dev IFACE nud permanent"
        )
    };
    Ok(wish.vips.iter().map(entry).collect())
}

fn notes(wish: &Wish) -> Vec<String> {
    let mut notes = Vec::new();
    let Wish::RealServer(wish) = wish else { return notes };
    notes.extend(silence_elsewhere(wish));
    if let Mode::Tunnel(_) = wish.mode
        && wish.advmss.is_none()
    {
        notes.push(
            "tunnelled packets have less room: where ICMP is filtered on the way, large requests \
             hang; --advmss 1400 cures it"
                .to_owned(),
        );
    }
    if wish.mode == Mode::Nat && wish.directors.is_empty() {
        notes.push("--director ADDR makes the default route go through the director".to_owned());
    }
    notes
}

/// What a host without silence of its own relies on.
fn silence_elsewhere(wish: &RealServer) -> Option<String> {
    let heard = wish.vips.iter().any(IpAddr::is_ipv4);
    (wish.arp == ArpMethod::None && wish.mode != Mode::Nat && heard).then(|| {
        "--arp none: this host answers ARP for the virtual address; a static entry in the front \
         gateway must hold against it"
            .to_owned()
    })
}

fn undo(
    session: &mut Session<'_>,
    mut report: Report,
    holders: Option<&BTreeSet<String>>,
    dry_run: bool,
    json: bool,
) -> Result<u8, Error> {
    let mut preparation = open(report.host, dry_run)?;
    if dry_run {
        let mut ledger = preparation.ledger.clone();
        ledger.release(holders);
        for entry in ledger.entries.iter().rev().filter(|it| it.holders.is_empty() && it.begun) {
            report.steps.push(line(&entry.step, State::Planned, None));
        }
        return tell(session, &report, json);
    }
    let before = preparation.ledger.clone();
    report.steps = preparation.undo(holders)?;
    report.changed = report.steps.iter().any(|line| line.state == State::Undone);
    if before == preparation.ledger {
        report.notes.push("nothing to undo".to_owned());
    }
    if before.silences() && !preparation.ledger.silences() {
        let facts = preparation.host.facts(&Question::default())?;
        report.notes.extend(loud(&facts).map(|(vip, link)| {
            format!("{vip} is still on {} and will be answered for", link.name)
        }));
    }
    tell(session, &report, json)
}

fn status(
    session: &mut Session<'_>,
    mut report: Report,
    wish: Option<&Wish>,
    json: bool,
) -> Result<u8, Error> {
    let mut preparation = Preparation::look(report.host)?;
    let wishes: Vec<Wish> = match wish {
        Some(wish) => vec![wish.clone()],
        None => preparation.ledger.wishes.values().cloned().collect(),
    };
    if wish.is_none() {
        for entry in preparation.ledger.entries.clone() {
            let holds = entry.begun && preparation.host.holds(&entry.step)?;
            let state = if holds { State::Already } else { State::Lost };
            report.ok &= holds;
            report.steps.push(line(&entry.step, state, None));
        }
        if wishes.is_empty() {
            report.ok = false;
            report
                .notes
                .push("nothing is prepared; --mode and --vip say what to look for".to_owned());
        }
    }
    let services = services::own();
    report.notes.extend(boot::overridden(preparation.ledger.entries.iter().map(|it| &it.step)));
    for wish in &wishes {
        if let Wish::RealServer(wish) = wish
            && let Some(note) = silence_elsewhere(wish)
            && !report.notes.contains(&note)
        {
            report.notes.push(note);
        }
        let facts = preparation.host.facts(&after(wish))?;
        let (balanced, more) = balancing::judge(wish, &facts, &services);
        for note in more {
            if !report.notes.contains(&note) {
                report.notes.push(note);
            }
        }
        for finding in wish.judge(&facts).into_iter().chain(balanced) {
            report.ok &= finding.ok;
            if !report.findings.contains(&finding) {
                report.findings.push(finding);
            }
        }
    }
    tell(session, &report, json)
}

fn tell(session: &mut Session<'_>, report: &Report, json: bool) -> Result<u8, Error> {
    if json {
        let text = document(report, session.json_style())?;
        session.out.write_all(text.as_bytes())?;
    } else {
        session.out.write_all(text(report, session.paint()).as_bytes())?;
    }
    Ok(u8::from(!report.ok))
}

/// The report for people.
fn text(report: &Report, paint: Paint) -> String {
    let mut text = String::new();
    let mut push = |tone: Option<Tone>, word: &str, rest: &str| {
        // Blanks are counted before colours come in.
        let blanks = " ".repeat(8 - word.len().min(8));
        let word = tone.map_or(word.to_owned(), |tone| paint.text(tone, word));
        text.extend([&*word, &*blanks, " ", &*printable(rest), "\n"]);
    };
    for line in &report.steps {
        let (tone, word) = match line.state {
            State::Planned => (Some(Tone::Changed), "to do"),
            State::Done => (Some(Tone::Good), "done"),
            State::Already => (None, "already"),
            State::Undone => (Some(Tone::Good), "undone"),
            State::Shared => (None, "kept"),
            State::LeftAlone => (Some(Tone::Changed), "left"),
            State::Lost => (Some(Tone::Bad), "LOST"),
        };
        let why = line.why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
        push(tone, word, &format!("{}{why}", line.step));
    }
    for finding in &report.findings {
        let (tone, word) = if finding.ok { (Tone::Good, "ok") } else { (Tone::Bad, "WRONG") };
        push(Some(tone), word, &finding.text);
    }
    for note in &report.notes {
        push(None, "note", note);
    }
    text
}

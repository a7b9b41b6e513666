//! `rs`: prepare a real server, undo it, look at it.

use std::collections::BTreeSet;

use super::Session;
use super::preparation::{Preparation, line};
use crate::cli::RsVerb;
use crate::error::{Error, Obstacle};
use crate::model::RouteImage;
use crate::netlink::route;
use crate::prepare::{self, Images, Keep, Mode, Planned, RealServer, Report, State, judge, script};

const STATE: &str = "rs";

pub(super) fn run(
    session: &mut Session<'_>,
    verb: &RsVerb,
    netns: Option<&str>,
    json: bool,
) -> Result<u8, Error> {
    match verb {
        RsVerb::Prepare { wish, persist, dry_run } => {
            let keep = if *persist { Keep::Everything(netns) } else { Keep::Nothing };
            prepare(session, wish, keep, *dry_run, json)
        }
        RsVerb::Undo { holders, dry_run } => undo(session, holders.as_ref(), *dry_run, json),
        RsVerb::Status(wish) => status(session, wish.as_ref(), json),
    }
}

fn prepare(
    session: &mut Session<'_>,
    wish: &RealServer,
    keep: Keep<'_>,
    dry_run: bool,
    json: bool,
) -> Result<u8, Error> {
    let mut preparation = open(dry_run)?;
    let plan = plan(&mut preparation, wish, keep)?;
    let work = preparation.work(wish, plan)?;
    let mut report = Report::new("rs prepare");
    for (step, holds) in &work.steps {
        let state = match (holds, dry_run) {
            (true, _) => State::Already,
            (false, true) => State::Planned,
            (false, false) => State::Done,
        };
        report.steps.push(line(step, state, None));
    }
    report.notes = notes(wish);
    if dry_run {
        if !json {
            let text = script(work.open_steps());
            session.out.write_all(text.as_bytes())?;
            return Ok(0);
        }
        return tell(session, &report, json);
    }
    let before = preparation.ledger.clone();
    report.changed = preparation.carry_out(work)?;
    report.findings = judge(wish, &preparation.host.facts(wish)?);
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
fn open(dry_run: bool) -> Result<Preparation, Error> {
    if dry_run {
        return Preparation::look(STATE);
    }
    if !nix::unistd::geteuid().is_root() {
        return Err(Obstacle::NotRoot.into());
    }
    Preparation::lock(STATE)
}

fn plan(
    preparation: &mut Preparation,
    wish: &RealServer,
    keep: Keep<'_>,
) -> Result<Vec<Planned>, Error> {
    let facts = preparation.host.facts(wish)?;
    let images = Images {
        default_route: &route::default_route,
        // An image from the kernel itself can be read.
        with_advmss: &|image: &RouteImage, advmss| {
            route::with_advmss(image, advmss).unwrap_or_else(|_| image.clone())
        },
    };
    Ok(prepare::plan(wish, &facts, &preparation.ledger, &images, keep)?)
}

fn notes(wish: &RealServer) -> Vec<String> {
    let mut notes = Vec::new();
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

fn undo(
    session: &mut Session<'_>,
    holders: Option<&BTreeSet<String>>,
    dry_run: bool,
    json: bool,
) -> Result<u8, Error> {
    let mut preparation = open(dry_run)?;
    let mut report = Report::new("rs undo");
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
    tell(session, &report, json)
}

fn status(session: &mut Session<'_>, wish: Option<&RealServer>, json: bool) -> Result<u8, Error> {
    let mut preparation = Preparation::look(STATE)?;
    let mut report = Report::new("rs status");
    let wishes: Vec<RealServer> = match wish {
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
    for wish in &wishes {
        let facts = preparation.host.facts(wish)?;
        for finding in judge(wish, &facts) {
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
        let text = serde_json::to_string_pretty(report).map_err(std::io::Error::from)?;
        writeln!(session.out, "{text}")?;
    } else {
        session.out.write_all(report.text().as_bytes())?;
    }
    Ok(u8::from(!report.ok))
}

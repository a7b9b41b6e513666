//! `prepare`: from what the user asks to a prepared host, or to a script.

use std::net::IpAddr;
use std::thread;
use std::time::{Duration, Instant};

use super::checks::{Finding, Remedy, check, check_own_services, no_suppression};
use super::facts::Question;
use super::plan::{Images, Keep, effective, plan, question};
use super::probes::{self, owner, services};
use super::report::{Line, Outcome, Report};
use super::runner::Runner;
use super::spec::{Director, Mode, Spec};
use super::state::Planned;
use super::steps::{Step, script};
use crate::error::{Error, Obstacle};
use crate::model::RouteImage;
use crate::netlink::route;
use crate::system::capabilities::{self, Capability};
use crate::system::frames::hardware;
use crate::system::namespace::is_process;

/// How long the kernel may take until the effects of the steps show.
const SETTLING: Duration = Duration::from_secs(2);

/// How to prepare.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options<'a> {
    /// Prepare the host after the next boot, too.
    pub persist: bool,
    /// Change nothing.
    pub dry_run: bool,
    /// Add notes with what the front gateway needs for a director.
    pub static_entry: bool,
    /// The network namespace of `--netns`.
    pub netns: Option<&'a str>,
}

/// What `prepare` did.
pub struct Prepared {
    /// The steps and what became of them.
    pub report: Report,
    /// The steps that a dry run would do, for a shell.
    pub script: Option<String>,
}

/// Prepares a host.
///
/// # Errors
/// What prevents it, found before the first change; or what failed, after everything was rolled
/// back.
pub fn prepare(spec: &Spec, options: Options<'_>) -> Result<Prepared, Error> {
    let Options { dry_run, static_entry, .. } = options;
    let keep = keep(options)?;
    let mut report = Report::new(spec.verb(), "prepare");
    let mut runner = if dry_run { Runner::look(spec.verb())? } else { lock(spec)? };
    let plan = planned(&mut runner, spec, keep)?;
    let to_do = runner.compare(spec, plan)?;
    for (step, holds) in &to_do.steps {
        let outcome = match (holds, dry_run) {
            (true, _) => Outcome::Already,
            (false, true) => Outcome::Planned,
            (false, false) => Outcome::Done,
        };
        report.steps.push(Line::new(step, outcome, None));
    }
    report.notes = notes(spec);
    report.notes.extend(overridden(to_do.steps.iter().map(|(step, _)| step)));
    report.notes.extend(own_services(&mut runner, spec)?);
    if let Spec::Director(director) = spec
        && static_entry
    {
        report.notes.extend(entries(&mut runner, director)?);
    }
    if dry_run {
        let script = script(to_do.open_steps(), &report.notes);
        return Ok(Prepared { report, script: Some(script) });
    }
    let before = runner.state.clone();
    report.changed = runner.carry_out(to_do)?;
    report.findings = settled(&mut runner, spec)?;
    if let Some(wrong) = report.findings.iter().find(|finding| !finding.ok) {
        let error = Error::NotEffective(wrong.text.clone());
        return Err(runner.roll_back(before, error));
    }
    if !report.changed {
        report.notes.push("nothing to do: this host is in the desired state".to_owned());
    }
    Ok(Prepared { report, script: None })
}

/// What a unit can say at the next boot.
fn keep(options: Options<'_>) -> Result<Keep<'_>, Obstacle> {
    match options.netns {
        _ if !options.persist => Ok(Keep::Nothing),
        Some(process) if is_process(process) => Err(Obstacle::Options(format!(
            "--persist: process {process} does not exist after a boot; give --netns the name of a \
             network namespace that exists after every boot"
        ))),
        netns => Ok(Keep::Everything(netns)),
    }
}

/// A director sends ARP and neighbour discovery packets of its own.
fn lock(spec: &Spec) -> Result<Runner, Error> {
    capabilities::need(Capability::NetAdmin)?;
    if let Spec::Director(_) = spec {
        capabilities::need(Capability::NetRaw)?;
    }
    Runner::lock(spec.verb())
}

fn planned(runner: &mut Runner, spec: &Spec, keep: Keep<'_>) -> Result<Vec<Planned>, Error> {
    let facts = probes::read(&mut runner.network, &question(spec))?;
    let images = Images {
        default_route: &route::default_route,
        // An image from the kernel itself can be read.
        with_advmss: &|image: &RouteImage, advmss| {
            route::with_advmss(image, advmss).unwrap_or_else(|_| image.clone())
        },
    };
    let planned = plan(spec, &facts, &runner.state, &images, keep);
    Ok(planned.map_err(|obstacle| owner::named(obstacle, &facts))?)
}

/// Files of others that undo a step at boot, a note each.
pub fn overridden<'a>(steps: impl Iterator<Item = &'a Step>) -> Vec<String> {
    let mut notes: Vec<String> = steps.flat_map(Step::overridden).collect();
    notes.dedup();
    notes
}

/// Notes on services in the host's own IPVS table that take packets away from daemons here. A host
/// may be about to change its role, so they prevent nothing.
fn own_services(runner: &mut Runner, spec: &Spec) -> Result<Vec<String>, Error> {
    let services = services::own();
    if services.is_empty() {
        return Ok(Vec::new());
    }
    let facts = probes::read(&mut runner.network, &Question::default())?;
    let (findings, mut notes) = check_own_services(spec, &facts, &services);
    notes.extend(findings.into_iter().map(|finding| match finding.remedy {
        Some(Remedy::Advice(advice)) => format!("{}: {advice}", finding.text),
        _ => finding.text,
    }));
    Ok(notes)
}

/// Checks the host after the steps. The kernel makes the local route of a new IPv6 address some time
/// after it has answered, noticeably later on a busy machine.
fn settled(runner: &mut Runner, spec: &Spec) -> Result<Vec<Finding>, Error> {
    let limit = Instant::now() + SETTLING;
    loop {
        let facts = probes::read(&mut runner.network, &effective(spec))?;
        let findings = check(spec, &facts);
        if findings.iter().all(|finding| finding.ok) || Instant::now() >= limit {
            return Ok(findings);
        }
        thread::sleep(Duration::from_millis(20));
    }
}

/// What the front gateway needs if ARP cannot be suppressed on the real servers.
fn entries(runner: &mut Runner, spec: &Director) -> Result<Vec<String>, Error> {
    let mac = hardware(&runner.network.mac(&spec.interface)?);
    let entry = |vip: &IpAddr| {
        format!(
            "on the front gateway: ip neighbour replace {vip} lladdr {mac} dev IFACE nud permanent"
        )
    };
    Ok(spec.vips.iter().map(entry).collect())
}

fn notes(spec: &Spec) -> Vec<String> {
    let mut notes = Vec::new();
    let Spec::RealServer(spec) = spec else { return notes };
    notes.extend(no_suppression(spec));
    if let Mode::Tunnel(_) = spec.mode
        && spec.advmss.is_none()
    {
        notes.push(
            "packets in a tunnel have less room: where ICMP is filtered on the path, large \
             requests hang; --advmss 1400 prevents this"
                .to_owned(),
        );
    }
    if spec.mode == Mode::Nat && spec.directors.is_empty() {
        notes.push("--director ADDR makes the default route go through the director".to_owned());
    }
    notes
}

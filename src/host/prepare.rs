//! `prepare`: prepares the host, or writes the script of a dry run.

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
use crate::model::{RouteImage, in_namespace};
use crate::netlink::route;
use crate::system::capabilities::{self, Capability};
use crate::system::frames::hardware;

/// Time for the kernel to show the effects of the steps.
const SETTLING: Duration = Duration::from_secs(2);

/// Options of `prepare` that are not part of the desired state.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options<'a> {
    /// Also write files that prepare the host after each boot.
    pub persist: bool,
    /// Write a script instead of changing the host.
    pub dry_run: bool,
    /// Add notes about the entry that the front gateway needs for a director.
    pub static_entry: bool,
    /// Argument of `--netns`.
    pub netns: Option<&'a str>,
}

pub struct Prepared {
    /// The steps and the outcome of each.
    pub report: Report,
    /// The shell script of a dry run.
    pub script: Option<String>,
}

/// Prepares a host.
///
/// # Errors
/// An obstacle, found before the first change; or the error of a step, after everything was rolled
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

/// The steps to repeat after a boot. Fails if the namespace does not exist after a boot, since the
/// unit could not name it.
fn keep(options: Options<'_>) -> Result<Keep<'_>, Obstacle> {
    match options.netns {
        _ if !options.persist => Ok(Keep::Nothing),
        Some(process) if in_namespace::is_process(process) => Err(Obstacle::Options(format!(
            "--persist: process {process} does not exist after a boot; give --netns the name of a \
             network namespace that exists after every boot"
        ))),
        netns => Ok(Keep::Everything(netns)),
    }
}

/// Opens the state for changes, and checks the capabilities. Only a director needs `CAP_NET_RAW`,
/// because it sends ARP and neighbour discovery frames.
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
        // The image comes from the kernel, so it can always be decoded.
        with_advmss: &|image: &RouteImage, advmss| {
            route::with_advmss(image, advmss).unwrap_or_else(|_| image.clone())
        },
    };
    let planned = plan(spec, &facts, &runner.state, &images, keep);
    Ok(planned.map_err(|obstacle| owner::named(obstacle, &facts))?)
}

/// Notes on files of other programs that undo a step at boot.
pub fn overridden<'a>(steps: impl Iterator<Item = &'a Step>) -> Vec<String> {
    let mut notes: Vec<String> = steps.flat_map(Step::overridden).collect();
    notes.dedup();
    notes
}

/// Notes on IPVS services of this host that take packets away from its daemons. They do not prevent
/// a preparation, since the host may be about to change its role.
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

/// Checks the host after the steps, repeatedly up to [`SETTLING`]. The kernel adds the local route
/// of a new IPv6 address only some time after it has answered, later on a busy host.
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

/// Notes on the entries that the front gateway needs if ARP cannot be suppressed on the real
/// servers.
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

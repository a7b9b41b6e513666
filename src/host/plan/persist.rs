//! Plans the files of `--persist`, which prepare the host again at each boot.

use crate::error::Obstacle;
use crate::host::facts::{Facts, UNITS};
use crate::host::spec::Spec;
use crate::host::state::State;
use crate::host::steps::{File, Step, Symlink};
use crate::model::quote::{option, unit, unit_program};

/// Paths that `--persist` writes for one holder: parameters, modules, the unit and its link.
pub fn paths(verb: &str, holder: &str) -> [String; 4] {
    [
        format!("/etc/sysctl.d/60-ipvsadm-{verb}-{holder}.conf"),
        format!("/etc/modules-load.d/ipvsadm-{verb}-{holder}.conf"),
        format!("{UNITS}/ipvsadm-{verb}-{holder}.service"),
        format!("{UNITS}/multi-user.target.wants/ipvsadm-{verb}-{holder}.service"),
    ]
}

/// Plans the files for one holder of these steps. systemd's own services set parameters and load
/// modules early in the boot; the unit runs after them and does the rest.
pub fn files(
    spec: &Spec,
    facts: &Facts,
    state: &State,
    holder: &str,
    steps: &[Step],
    netns: Option<&str>,
) -> Result<Vec<Step>, Obstacle> {
    if !facts.systemd {
        return Err(Obstacle::Options(format!("--persist needs systemd: there is no {UNITS}")));
    }
    let [parameters, modules, unit, link] = paths(spec.verb(), holder);
    let verb = spec.verb();
    let mut files = Vec::new();
    let keys = steps.iter().filter_map(Step::sysctl_line);
    let names = steps.iter().filter_map(|step| Some(format!("{}\n", step.module()?)));
    if netns.is_none() {
        for (path, content) in
            [(parameters, keys.collect::<String>()), (modules, names.collect::<String>())]
        {
            if !content.is_empty() {
                let content = format!("# made by `ipvsadm {verb} prepare --persist'\n{content}");
                files.push(Step::from(File { path, content }));
            }
        }
    }
    let mut words = vec![verb.to_owned(), "prepare".to_owned()];
    words.extend(spec.arguments(holder));
    words.extend(netns.into_iter().flat_map(|name| option("--netns", name)));
    let command = command_line(&facts.executable, &words)?;
    let content = format!(
        "# made by `ipvsadm {verb} prepare --persist'; `ipvsadm {verb} undo' removes it\n\
         [Unit]\n\
         Description=IPVS {verb} for {holder}\n\
         {}\n\
         [Service]\n\
         Type=oneshot\n\
         RemainAfterExit=yes\n\
         ExecStart={command}\n\n\
         [Install]\n\
         WantedBy=multi-user.target\n",
        order(spec),
    );
    files.push(File { path: unit.clone(), content }.into());
    files.push(Symlink { path: link, target: unit }.into());
    for step in &files {
        if let Some(path) = step.path()
            && facts.files.contains(path)
            && !state.owns(step)
        {
            return Err(Obstacle::FileExists(path.to_owned()));
        }
    }
    Ok(files)
}

/// Program and arguments for `ExecStart=`.
fn command_line(program: &str, words: &[String]) -> Result<String, Obstacle> {
    let Some(mut line) = unit_program(program) else {
        return Err(Obstacle::Options(format!(
            "--persist: systemd starts no program whose path has quotes, backslashes, dollar signs \
             or control characters: install this program somewhere else than {program}"
        )));
    };
    for word in words {
        line.push(' ');
        line.push_str(&unit(word));
    }
    Ok(line)
}

/// Ordering of the unit. A unit that needs no network starts before the network is online, and so
/// before services that bind to the virtual address. The others need addresses, routes or
/// interfaces, which DHCP provides late.
fn order(spec: &Spec) -> &'static str {
    if spec.needs_network() {
        "After=systemd-sysctl.service systemd-modules-load.service network-online.target\n\
         Wants=systemd-sysctl.service network-online.target\n"
    } else {
        "After=systemd-sysctl.service systemd-modules-load.service network.target\n\
         Wants=systemd-sysctl.service\n\
         Before=network-online.target\n"
    }
}

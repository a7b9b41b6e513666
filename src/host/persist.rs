//! Files that do the same after a boot.

use super::facts::Facts;
use super::spec::Wish;
use super::state::Ledger;
use super::step::Step;
use crate::error::Obstacle;
use crate::model::quote::{option, unit, unit_program};
use crate::model::sysctl_name;

/// Where systemd looks for units.
pub const UNITS: &str = "/etc/systemd/system";

/// The paths that `--persist` writes for one holder: parameters, modules, unit, and its link.
pub fn paths(verb: &str, holder: &str) -> [String; 4] {
    [
        format!("/etc/sysctl.d/60-ipvsadm-{verb}-{holder}.conf"),
        format!("/etc/modules-load.d/ipvsadm-{verb}-{holder}.conf"),
        format!("{UNITS}/ipvsadm-{verb}-{holder}.service"),
        format!("{UNITS}/multi-user.target.wants/ipvsadm-{verb}-{holder}.service"),
    ]
}

/// The files for one holder of these steps. Parameters and modules come from their own services at
/// boot, early; the unit comes after these, and adds what they cannot.
pub fn files(
    wish: &Wish,
    facts: &Facts,
    ledger: &Ledger,
    holder: &str,
    steps: &[Step],
    netns: Option<&str>,
) -> Result<Vec<Step>, Obstacle> {
    if !facts.systemd {
        return Err(Obstacle::Wish(format!("--persist needs systemd: there is no {UNITS}")));
    }
    let [parameters, modules, unit, link] = paths(wish.verb(), holder);
    let verb = wish.verb();
    let mut files = Vec::new();
    // Those of interfaces that a step makes are set by the unit, and so are those of interfaces with
    // names in which systemd-sysctl would see patterns.
    let keys = steps.iter().filter_map(|step| match step {
        Step::Sysctl { key, value } if !key.contains("/ipvs-") && sysctl_name(key).is_some() => {
            Some(format!("net/{key} = {value}\n"))
        }
        _ => None,
    });
    let names = steps.iter().filter_map(|step| match step {
        Step::Module { name } => Some(format!("{name}\n")),
        Step::Link { link, .. } => Some(format!("{}\n", link.module())),
        _ => None,
    });
    if netns.is_none() {
        for (path, content) in
            [(parameters, keys.collect::<String>()), (modules, names.collect::<String>())]
        {
            if !content.is_empty() {
                let content = format!("# made by `ipvsadm {verb} prepare --persist'\n{content}");
                files.push(Step::File { path, content });
            }
        }
    }
    let mut words = vec![verb.to_owned(), "prepare".to_owned()];
    words.extend(wish.words(holder));
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
        order(wish),
    );
    files.push(Step::File { path: unit.clone(), content });
    files.push(Step::Symlink { path: link, target: unit });
    for step in &files {
        if let Step::File { path, .. } | Step::Symlink { path, .. } = step
            && facts.files.contains(path)
            && !ledger.owns(step)
        {
            return Err(Obstacle::FileExists(path.clone()));
        }
    }
    Ok(files)
}

/// The program with its words for `ExecStart=`.
fn command_line(program: &str, words: &[String]) -> Result<String, Obstacle> {
    let Some(mut line) = unit_program(program) else {
        return Err(Obstacle::Wish(format!(
            "--persist: systemd starts no program whose path has quotes, backslashes, dollar signs \
             or control characters: install this one elsewhere than at {program}"
        )));
    };
    for word in words {
        line.push(' ');
        line.push_str(&unit(word));
    }
    Ok(line)
}

/// What waits for nothing comes before the network is online, and so before services that bind to
/// the virtual address. The rest needs addresses, routes or interfaces, which come late with DHCP.
fn order(wish: &Wish) -> &'static str {
    if wish.needs_network() {
        "After=systemd-sysctl.service systemd-modules-load.service network-online.target\n\
         Wants=systemd-sysctl.service network-online.target\n"
    } else {
        "After=systemd-sysctl.service systemd-modules-load.service network.target\n\
         Wants=systemd-sysctl.service\n\
         Before=network-online.target\n"
    }
}

//! The host at hand: facts for plans, and steps done and undone.

mod arptables;
pub mod boot;
mod facts;
mod filter;
pub mod owner;
pub mod services;

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::Path;

use crate::error::Error;
use crate::host::filter::{is_listed, is_table};
use crate::host::{Entry, Step, is_enough};
use crate::model::{Family, GuePort, Link, Route, RouteImage};
use crate::netlink::fou::Fou;
use crate::netlink::route::{self, Network};
use crate::system::{durable, frames, modules, program, sysctl};

/// The host, or one network namespace of it.
pub struct Host {
    network: Network,
}

/// What became of a step that was to be undone.
pub enum Undone {
    /// It is as before.
    Restored,
    /// Nothing is left to undo.
    Gone,
    /// It is not as it was left, so it stays.
    LeftAlone(String),
}

impl Host {
    pub fn open() -> Result<Self, Error> {
        Ok(Self { network: Network::open()? })
    }

    /// What is there now, where a step replaces something.
    pub fn former(step: &Step) -> Result<Option<String>, Error> {
        match step {
            Step::Sysctl { key, .. } if key == WIDE => wide().map(Some),
            Step::Sysctl { key, .. } => sysctl::read(key),
            Step::Arptables { program, .. } => filter::former(program),
            _ => Ok(None),
        }
    }

    /// Whether a step need not be done.
    pub fn holds(&mut self, step: &Step) -> Result<bool, Error> {
        Ok(match step {
            Step::Module { name } if name == "fou" => Fou::open()?.is_some(),
            Step::Module { name } if name == "ip_vs" => {
                sysctl::read("ipv4/vs/conntrack")?.is_some()
            }
            Step::Module { name } => modules::present(name),
            Step::Sysctl { key, value } => {
                sysctl::read(key)?.is_some_and(|now| is_enough(key, value, &now))
            }
            Step::Nft { table, body } => {
                filter::table(table)?.is_some_and(|listing| is_table(&listing, table, body))
            }
            Step::Arptables { program, rules, .. } => {
                let present = filter::rules(program)?;
                rules.iter().all(|rule| is_listed(&present, rule))
            }
            Step::Gue { port } => gue_ports()?.contains(port),
            Step::Link { name, link } => {
                self.link(name)?.is_some_and(|found| found.kind == link.kind())
            }
            Step::Up { device } => self.link(device)?.is_some_and(|link| link.up),
            // An announcement holds while the address is there.
            Step::Address { device, address } | Step::Announce { device, address } => {
                self.has(device, *address)?
            }
            Step::Route { new, ipv6, .. } => self.follows(new, *ipv6)?,
            Step::File { path, content } => fs::read_to_string(path).is_ok_and(|it| it == *content),
            Step::Symlink { path, target } => {
                fs::read_link(path).is_ok_and(|it| it == Path::new(target))
            }
        })
    }

    /// Does a step that does not hold. One of `earlier` may stand in its place.
    pub fn apply(&mut self, step: &Step, earlier: &[Step]) -> Result<(), Error> {
        match step {
            Step::Module { name } => program::run("modprobe", &[name], "").map(drop),
            Step::Sysctl { key, value } => sysctl::write(key, value),
            Step::Nft { table, body } => filter::make_table(table, body),
            Step::Arptables { program, rules, .. } => {
                filter::add_rules(program, rules)?;
                filter::delete_rules(program, &obsolete(rules, earlier), None)
            }
            Step::Gue { port } => fou()?.add(*port),
            Step::Link { name, link } => self.network.add_link(name, link),
            Step::Up { device } => {
                let index = self.index(device)?;
                self.network.set_up(index)
            }
            Step::Address { device, address } => {
                let index = self.index(device)?;
                self.network.add_address(index, *address)
            }
            Step::Announce { device, address } => {
                let mac = self.mac(device)?;
                frames::announce(device, mac, *address)
            }
            Step::Route { new, .. } => self.network.replace_route(new),
            Step::File { path, content } => write(Path::new(path), content),
            Step::Symlink { path, target } => {
                make_parent(Path::new(path))?;
                symlink(target, path).map_err(failed(format!("link {path}")))
            }
        }
    }

    /// Takes a step back that may have been done, and whatever stands in its place.
    pub fn undo(&mut self, entry: &Entry) -> Result<Undone, Error> {
        let former = entry.former.as_deref();
        let mut undone = self.undo_step(&entry.step, former)?;
        for step in &entry.earlier {
            if let Undone::Restored = self.undo_step(step, former)? {
                undone = Undone::Restored;
            }
        }
        Ok(undone)
    }

    fn undo_step(&mut self, step: &Step, former: Option<&str>) -> Result<Undone, Error> {
        if let Step::File { path, .. } = step {
            let draft = durable::remove_draft(Path::new(path));
            draft.map_err(failed(format!("remove the draft of {path}")))?;
        }
        match step {
            Step::Sysctl { key, value } if key == WIDE => {
                return restore_wide(value, former);
            }
            Step::Sysctl { key, value } => return restore(key, value, former),
            Step::Route { new, former, ipv6, .. } => {
                return self.restore_route(new, former.as_ref(), *ipv6);
            }
            // Others may use it by now; an interface that was set up here is deleted here.
            Step::Module { .. } | Step::Up { .. } | Step::Announce { .. } => {
                return Ok(Undone::Gone);
            }
            Step::Arptables { program, rules, .. } => {
                filter::delete_rules(program, rules, former)?;
            }
            // The name says whose it is, also where its rules were flushed.
            Step::Nft { table, .. } => match filter::table(table)? {
                Some(_) => filter::delete_table(table)?,
                None => return Ok(Undone::Gone),
            },
            _ if !self.holds(step)? => return self.missing(step),
            Step::Gue { port } => fou()?.delete(*port)?,
            Step::Link { name, .. } => self.network.delete_link(name)?,
            Step::Address { device, address } => {
                let index = self.index(device)?;
                self.network.delete_address(index, *address)?;
            }
            Step::File { path, .. } | Step::Symlink { path, .. } => {
                fs::remove_file(path).map_err(failed(format!("remove {path}")))?;
            }
        }
        Ok(Undone::Restored)
    }

    /// Not as it was left: gone, or something else in its place.
    fn missing(&mut self, step: &Step) -> Result<Undone, Error> {
        let why = match step {
            Step::Link { name, .. } if self.link(name)?.is_some() => {
                "another interface has its name"
            }
            Step::File { path, .. } | Step::Symlink { path, .. }
                if fs::symlink_metadata(path).is_ok() =>
            {
                "it was changed"
            }
            _ => return Ok(Undone::Gone),
        };
        Ok(Undone::LeftAlone(why.to_owned()))
    }

    fn restore_route(
        &mut self,
        new: &RouteImage,
        former: Option<&RouteImage>,
        ipv6: bool,
    ) -> Result<Undone, Error> {
        if !self.follows(new, ipv6)? {
            let back = match former {
                Some(former) => self.follows(former, ipv6)?,
                None => false,
            };
            let why = "the default route was changed".to_owned();
            return Ok(if back { Undone::Gone } else { Undone::LeftAlone(why) });
        }
        match former {
            Some(former) => self.network.replace_route(former)?,
            None => self.network.delete_route(new)?,
        }
        Ok(Undone::Restored)
    }

    /// Whether the best default route is this one.
    fn follows(&mut self, image: &RouteImage, ipv6: bool) -> Result<bool, Error> {
        let family = if ipv6 { Family::V6 } else { Family::V4 };
        let routes = self.network.default_routes(family)?;
        let best = routes.into_iter().min_by_key(|route| route.metric);
        let wanted = route::read(image)?;
        let key = |route: Route| (route.gateway, route.device, route.metric, route.advmss);
        Ok(best.is_some() && best.map(key) == wanted.map(key))
    }

    fn link(&mut self, name: &str) -> Result<Option<Link>, Error> {
        Ok(self.network.links()?.into_iter().find(|link| link.name == name))
    }

    fn index(&mut self, name: &str) -> Result<u32, Error> {
        let link = self.link(name)?.ok_or_else(|| {
            failed(format!("find interface {name}"))(io::ErrorKind::NotFound.into())
        })?;
        Ok(link.index)
    }

    /// The hardware addresses of all Ethernet interfaces.
    pub fn macs(&mut self) -> Result<BTreeSet<String>, Error> {
        let links = self.network.links()?.into_iter().filter(|link| link.arp);
        Ok(links.map(|link| frames::hardware(&link.mac)).collect())
    }

    /// The hardware address of an Ethernet interface.
    pub fn mac(&mut self, device: &str) -> Result<[u8; 6], Error> {
        let mac = self.link(device)?.map(|link| link.mac).unwrap_or_default();
        mac.try_into().map_err(|_| {
            failed(format!("find the hardware address of {device}"))(io::ErrorKind::NotFound.into())
        })
    }

    fn has(&mut self, device: &str, address: std::net::IpAddr) -> Result<bool, Error> {
        let Some(link) = self.link(device)? else { return Ok(false) };
        let bits = if address.is_ipv4() { 32 } else { 128 };
        let mut addresses = self.network.addresses()?.into_iter();
        Ok(addresses.any(|it| it.index == link.index && it.address == address && it.prefix == bits))
    }
}

/// The rules of earlier steps that are none of `rules`.
fn obsolete(rules: &[String], earlier: &[Step]) -> Vec<String> {
    let old = earlier.iter().filter_map(|step| match step {
        Step::Arptables { rules, .. } => Some(rules),
        _ => None,
    });
    old.flatten().filter(|rule| !rules.contains(rule)).cloned().collect()
}

/// Writing this parameter writes the same of every interface.
const WIDE: &str = "ipv6/conf/all/forwarding";

/// The parameter of each interface, in the form `NAME=VALUE`, a line each; `all` is the first.
fn wide() -> Result<String, Error> {
    let folder = "/proc/sys/net/ipv6/conf";
    let mut names = vec!["all".to_owned()];
    for entry in fs::read_dir(folder).map_err(failed(format!("read {folder}")))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name != "all" {
            names.push(name);
        }
    }
    let mut lines = Vec::new();
    for name in names {
        let value = sysctl::read(&WIDE.replace("all", &name))?;
        lines.extend(value.map(|value| format!("{name}={value}")));
    }
    Ok(lines.join("\n"))
}

/// Each interface gets back what it had, except where somebody has set it since: what that was the
/// write to all of them would take away.
fn restore_wide(value: &str, former: Option<&str>) -> Result<Undone, Error> {
    let former = pairs(former.unwrap_or_default());
    let Some((_, all)) = former.first() else { return Ok(Undone::Gone) };
    let now = wide()?;
    let undone = restore(WIDE, value, Some(all))?;
    let made = match undone {
        Undone::Restored => value,
        // A run that was killed had come so far.
        Undone::Gone => all,
        Undone::LeftAlone(_) => return Ok(undone),
    };
    for (name, now) in pairs(&now).into_iter().skip(1) {
        let was = former.iter().skip(1).find(|(other, _)| *other == name);
        let wanted = match was {
            Some((_, was)) if now == made => was,
            // It came later, and follows all.
            None if now == made => continue,
            _ => now,
        };
        let key = WIDE.replace("all", name);
        if sysctl::read(&key)?.is_some() {
            sysctl::write(&key, wanted)?;
        }
    }
    Ok(undone)
}

/// The lines of [`wide`].
fn pairs(lines: &str) -> Vec<(&str, &str)> {
    lines.lines().filter_map(|line| line.split_once('=')).collect()
}

/// Only the value that was written is replaced by the one before it.
fn restore(key: &str, value: &str, former: Option<&str>) -> Result<Undone, Error> {
    let now = sysctl::read(key)?;
    match (now.as_deref(), former) {
        (None, _) | (_, None) => Ok(Undone::Gone),
        (Some(now), Some(former)) if now == former => Ok(Undone::Gone),
        (Some(now), Some(former)) if now == value => {
            sysctl::write(key, former)?;
            Ok(Undone::Restored)
        }
        (Some(now), _) => Ok(Undone::LeftAlone(format!("it is {now} by now"))),
    }
}

fn fou() -> Result<Fou, Error> {
    Fou::open()?
        .ok_or_else(|| failed("find the family fou".to_owned())(io::ErrorKind::NotFound.into()))
}

fn gue_ports() -> Result<Vec<GuePort>, Error> {
    Fou::open()?.map_or(Ok(Vec::new()), |mut fou| fou.gue_ports())
}

fn make_parent(path: &Path) -> Result<(), Error> {
    let Some(folder) = path.parent() else { return Ok(()) };
    fs::create_dir_all(folder).map_err(failed(format!("make {}", folder.display())))
}

fn write(path: &Path, content: &str) -> Result<(), Error> {
    make_parent(path)?;
    durable::replace(path, content).map_err(failed(format!("write {}", path.display())))
}

fn failed(action: String) -> impl FnOnce(io::Error) -> Error {
    move |source| Error::System { action, source }
}

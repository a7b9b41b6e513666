//! Plans masquerading on a real server: its replies must go back through the director.

use std::net::IpAddr;

use super::images::Images;
use crate::error::Obstacle;
use crate::host::facts::Facts;
use crate::host::spec::RealServer;
use crate::host::state::State;
use crate::host::steps::{Route as RouteStep, Step, Sysctl};
use crate::model::{Family, Route};

/// Plans the routes to the director, and the handling of its redirects.
pub fn steps(
    spec: &RealServer,
    facts: &Facts,
    state: &State,
    images: &Images<'_>,
) -> Result<Vec<Step>, Obstacle> {
    if spec.directors.is_empty() {
        return checked(facts, state);
    }
    let mut steps = Vec::new();
    for director in &spec.directors {
        let device = on_link(facts, *director)?;
        steps.extend(redirects(facts, state, &[device], director.is_ipv6())?);
        steps.extend(default_route(facts, images, *director, device));
    }
    Ok(steps)
}

/// Without a named director, requires a default route, which the user has set to the director.
fn checked(facts: &Facts, state: &State) -> Result<Vec<Step>, Obstacle> {
    let routes = [Family::V4, Family::V6].map(|family| facts.default_route(family));
    if routes.iter().all(Option::is_none) {
        return Err(Obstacle::Route(
            "there is no default route, so replies would not return to the director; name the \
             director with --director"
                .to_owned(),
        ));
    }
    let mut steps = Vec::new();
    for (route, ipv6) in routes.into_iter().zip([false, true]) {
        if let Some(device) = route.and_then(|route| route.device) {
            steps.extend(redirects(facts, state, &[device], ipv6)?);
        }
    }
    Ok(steps)
}

/// Index of the interface whose network has the director.
fn on_link(facts: &Facts, director: IpAddr) -> Result<u32, Obstacle> {
    let obstacle = |what: &str| Err(Obstacle::Route(format!("director {director} {what}")));
    match facts.routes.get(&director) {
        None => obstacle("cannot be reached: there is no route to it"),
        Some(Route { local: true, .. }) => obstacle("is an address of this host"),
        Some(Route { gateway: Some(gateway), .. }) => obstacle(&format!(
            "is reached through {gateway}, but must be on a network of this \
                               host"
        )),
        Some(Route { device: Some(device), .. }) => Ok(*device),
        Some(_) => obstacle("cannot be reached: its route has no interface"),
    }
}

/// Makes the host ignore ICMP redirects, which a director with one interface sends and which break
/// connections.
fn redirects(
    facts: &Facts,
    state: &State,
    devices: &[u32],
    ipv6: bool,
) -> Result<Vec<Step>, Obstacle> {
    let version = if ipv6 { "ipv6" } else { "ipv4" };
    let names = devices.iter().filter_map(|&index| facts.link_at(index));
    // For IPv4 the value of `all` counts too; for IPv6 only the interface's.
    let all = (!ipv6).then_some("all");
    let mut steps = Vec::new();
    for name in all.into_iter().chain(names.map(|link| &link.name[..])) {
        let key = format!("{version}/conf/{name}/accept_redirects");
        let step = Step::from(Sysctl::new(&key[..], "0"));
        if facts.number(&key) != 0 || state.owns(&step) {
            steps.push(step);
        }
    }
    if !facts.writable && !steps.is_empty() {
        return Err(Obstacle::ReadOnly { is_arp_suppression: false });
    }
    Ok(steps)
}

/// Replaces the best default route, unless it goes through the director already.
fn default_route(
    facts: &Facts,
    images: &Images<'_>,
    director: IpAddr,
    device: u32,
) -> Option<Step> {
    let former = facts.default_route(Family::of(&director));
    if former.is_some_and(|it| it.gateway == Some(director)) {
        return None;
    }
    let ipv6 = director.is_ipv6();
    let metric = former.map_or(if ipv6 { 1024 } else { 0 }, |route| route.metric);
    let name = facts.link_at(device).map_or("", |link| &link.name);
    let rank = if metric == 0 { String::new() } else { format!(" metric {metric}") };
    Some(Step::from(RouteStep {
        new: (images.default_route)(director, device, metric),
        former: former.map(|route| route.image.clone()),
        words: format!("default via {director} dev {name} proto static{rank}"),
        ipv6,
    }))
}

//! Plans a real server with a virtual address, for direct routing and tunnelling.

use std::net::IpAddr;

use super::images::Images;
use super::preconditions::{free, ipv6_on, needs, unicast};
use super::{arp, tunnel};
use crate::error::Obstacle;
use crate::host::facts::Facts;
use crate::host::spec::{ArpMethod, Mode, RealServer};
use crate::host::state::State;
use crate::host::steps::{Address, Link, Route, Step, Up};
use crate::model::{Family, NewLink};

/// Plans ARP suppression, then tunnels, interfaces and routes, then the address.
pub fn steps(
    spec: &RealServer,
    facts: &Facts,
    state: &State,
    images: &Images<'_>,
    vip: IpAddr,
) -> Result<[Vec<Step>; 3], Obstacle> {
    unicast(vip)?;
    if let Some((_, index)) = facts.proxies.iter().find(|(address, _)| *address == vip) {
        let name = facts.link_at(*index).map_or_else(String::new, |link| link.name.clone());
        return Err(Obstacle::Proxy { address: vip, name });
    }
    let suppression = arp::steps(spec, facts, state, vip)?;
    let mut routes = Vec::new();
    let mut tunnel = None;
    if let Mode::Tunnel(encapsulation) = spec.mode {
        let (steps, name) = tunnel::steps(spec, encapsulation, facts, state, vip)?;
        routes.extend(steps);
        tunnel = Some(name);
    }
    let device = spec.device.as_deref().or(tunnel.as_deref()).unwrap_or("lo").to_owned();
    if tunnel.as_ref() != Some(&device) {
        routes.extend(home(spec, facts, state, &device, vip)?);
    }
    if vip.is_ipv6() {
        ipv6_on(facts, &device)?;
    }
    free(facts, state, vip, &device, "rs")?;
    routes.extend(segments(spec, facts, images, vip)?);
    Ok([suppression, routes, vec![Address { device, address: vip }.into()]])
}

/// The interface for the virtual address: one without neighbours, or a new dummy interface.
fn home(
    spec: &RealServer,
    facts: &Facts,
    state: &State,
    device: &str,
    vip: IpAddr,
) -> Result<Vec<Step>, Obstacle> {
    let dummy = Step::from(Link { name: device.to_owned(), link: NewLink::Dummy });
    let up = Step::from(Up { device: device.to_owned() });
    let name_of_dummy = device.starts_with("dummy") || device.starts_with("ipvs");
    if state.owns(&dummy) || facts.link(device).is_none() && name_of_dummy {
        needs(facts, "dummy")?;
        return Ok(vec![dummy, up]);
    }
    let link = facts.present(device)?;
    let filtered = vip.is_ipv4() && spec.arp != ArpMethod::Sysctl;
    if link.arp && !filtered {
        let why = format!(
            "neighbours can ask for {vip} there, and it would answer: use lo or a dummy interface"
        );
        return Err(Obstacle::InterfaceUnfit { name: device.to_owned(), why });
    }
    if !link.up {
        return Err(Obstacle::InterfaceDown { name: device.to_owned() });
    }
    Ok(Vec::new())
}

/// Makes the reply that opens a connection advertise smaller TCP segments, so that tunnelled
/// packets fit. That reply goes straight to the client.
fn segments(
    spec: &RealServer,
    facts: &Facts,
    images: &Images<'_>,
    vip: IpAddr,
) -> Result<Option<Step>, Obstacle> {
    let Some(advmss) = spec.advmss else { return Ok(None) };
    let Some(route) = facts.default_route(Family::of(&vip)) else {
        let version = if vip.is_ipv4() { 4 } else { 6 };
        return Err(Obstacle::Route(format!(
            "--advmss {advmss} is set on the default route, but there is none for IPv{version}: \
             add one first, or leave out --advmss"
        )));
    };
    let gateway = route.gateway.map(|it| format!(" via {it}")).unwrap_or_default();
    let device = route.device.and_then(|index| facts.link_at(index));
    let device = device.map(|link| format!(" dev {}", link.name)).unwrap_or_default();
    let metric =
        if route.metric == 0 { String::new() } else { format!(" metric {}", route.metric) };
    Ok(Some(Step::from(Route {
        new: (images.with_advmss)(&route.image, advmss),
        former: Some(route.image.clone()),
        words: format!("default{gateway}{device}{metric} advmss {advmss}"),
        ipv6: vip.is_ipv6(),
    })))
}

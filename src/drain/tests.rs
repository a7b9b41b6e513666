//! Plans of drains and undrains.

use super::plan::{Step, absent};
use super::records::{HeldParameter, Record};
use super::seen::{Parameters, SeenService};
use super::*;
use crate::error::{DrainRefusal, Rejection};
use crate::model::{
    Change, Destination, DestinationEntry, DestinationKey, Family, Granularity, Persistence,
    SchedulerFlags, SchedulerName, Service, ServiceKey, Stats, Timeouts,
};

fn vip(port: u16) -> ServiceKey {
    ServiceKey::tcp(format!("192.0.2.80:{port}").parse().unwrap())
}

fn server(number: u8) -> DestinationKey {
    format!("10.0.0.{number}:80").parse::<std::net::SocketAddr>().unwrap().into()
}

/// A service with real servers 1, 2, 3… of these weights.
fn service(port: u16, scheduler: &str, weights: &[u32]) -> SeenService {
    let servers = (1..).zip(weights).map(|(number, weight)| DestinationEntry {
        destination: Destination {
            weight: *weight,
            upper_threshold: 9,
            ..Destination::new("10.0.0.0:80".parse::<std::net::SocketAddr>().unwrap())
        }
        .with(server(number)),
        active: 0,
        inactive: 0,
        persistent: 0,
        stats: Stats::default(),
    });
    let name = SchedulerName::new(scheduler).unwrap();
    SeenService { service: Service::new(vip(port), name), servers: servers.collect() }
}

trait With {
    fn with(self, key: DestinationKey) -> Self;
}

impl With for Destination {
    fn with(self, key: DestinationKey) -> Self {
        Self { key, ..self }
    }
}

fn seen(services: Vec<SeenService>) -> Seen {
    let value = |value: &str| Some(value.to_owned());
    Seen {
        services,
        parameters: Parameters {
            expire_quiescent_template: value("0"),
            expire_nodest_conn: value("1"),
            conn_reuse_mode: value("1"),
        },
        timeouts: Timeouts { tcp: 900, tcp_fin: 120, udp: 300 },
    }
}

fn sticky(mut it: SeenService) -> SeenService {
    let granularity = Granularity::host(Family::V4);
    it.service.persistence = Some(Persistence { timeout: 600, granularity });
    it
}

fn order(selection: Selection) -> Order {
    Order {
        selection,
        reason: None,
        hash: Hash::Set,
        templates: Templates::Keep,
        least: Least::Number(1),
    }
}

fn one(number: u8) -> Order {
    order(Selection::One(vip(80), server(number)))
}

fn everywhere(number: u8) -> Selection {
    Selection::Everywhere { address: server(number).address, port: None }
}

fn caller(now: &str) -> Caller {
    Caller { by: "uid 0".to_owned(), now: now.to_owned(), boot: "b".to_owned() }
}

fn drained(seen: &Seen, records: &Records, order: &Order) -> Plan {
    plan(seen, records, order, &caller("then")).unwrap()
}

/// Applies the changes of the plan to `seen`.
fn make(seen: &mut Seen, plan: &Plan) {
    for step in &plan.steps {
        match step {
            Step::Template { value, .. } => {
                seen.parameters.expire_quiescent_template = Some(value.clone());
            }
            Step::Change { make: Change::UpdateService(to), .. } => {
                let found = seen.services.iter_mut().find(|it| it.service.key == to.key);
                found.unwrap().service = to.clone();
            }
            Step::Change { make: Change::UpdateDestination(key, to), .. } => {
                let found = seen.services.iter_mut().find(|it| it.service.key == *key).unwrap();
                let found = found.servers.iter_mut().find(|it| it.destination.key == to.key);
                found.unwrap().destination = *to;
            }
            Step::Change { make: Change::DeleteDestination(key, gone), .. } => {
                let found = seen.services.iter_mut().find(|it| it.service.key == *key).unwrap();
                found.servers.retain(|it| it.destination.key != *gone);
            }
            Step::Change { make, .. } => panic!("{make:?}"),
        }
    }
}

fn back(selection: Selection) -> Undrain {
    Undrain { selection, back: Back::Recorded }
}

#[test]
fn a_drain_and_its_undrain_leave_everything_as_it_was() {
    for scheduler in ["wrr", "mh", "sh"] {
        for templates in [Templates::Keep, Templates::Expire] {
            let before = seen(vec![
                sticky(service(80, scheduler, &[3, 5])),
                service(81, scheduler, &[1, 1]),
            ]);
            let mut now = before.clone();
            let order = Order { templates, ..order(everywhere(1)) };
            let first = drained(&now, &Records::default(), &order);
            assert!(first.records_first);
            make(&mut now, &first);
            assert_eq!(now.server(&vip(80), &server(1)).unwrap().destination.weight, 0);
            assert_eq!(now.server(&vip(80), &server(1)).unwrap().destination.upper_threshold, 9);
            assert_eq!(now.server(&vip(80), &server(2)).unwrap().destination.weight, 5);
            let again = drained(&now, &first.records, &order);
            assert!(again.changes_nothing(&first.records), "{again:?}");
            let last = undrain(&now, &first.records, &back(everywhere(1)), "b").unwrap();
            assert!(!last.records_first);
            make(&mut now, &last);
            assert_eq!((&now, &last.records), (&before, &Records::default()), "{scheduler}");
        }
    }
}

#[test]
fn the_record_comes_first_and_the_flag_before_the_weight() {
    let seen = seen(vec![sticky(service(80, "mh", &[3, 5]))]);
    let plan =
        drained(&seen, &Records::default(), &Order { templates: Templates::Expire, ..one(1) });
    let kinds: Vec<&str> = plan
        .steps
        .iter()
        .map(|step| match step {
            Step::Template { .. } => "template",
            Step::Change { make: Change::UpdateService(_), .. } => "flags",
            Step::Change { .. } => "weight",
        })
        .collect();
    assert_eq!(kinds, ["template", "flags", "weight"]);
    let record = &plan.records.drains[0];
    assert_eq!((record.weight, record.standing, &*record.since), (3, 0, "then"));
    assert!(record.expires_templates);
    assert_eq!(plan.records.flags[0].former, SchedulerFlags::default());
    let held = HeldParameter { boot: "b".to_owned(), former: "0".to_owned() };
    assert_eq!(plan.records.template, Some(held));
}

#[test]
fn flags_stay_while_another_real_server_of_the_service_is_drained() {
    let mut now = seen(vec![service(80, "sh", &[1, 1, 1])]);
    let mut records = Records::default();
    for number in [1, 2] {
        let plan = drained(&now, &records, &one(number));
        make(&mut now, &plan);
        records = plan.records;
    }
    let flags = |seen: &Seen| seen.services[0].service.flags.bits();
    let first = undrain(&now, &records, &back(one(1).selection), "b").unwrap();
    make(&mut now, &first);
    assert_eq!((flags(&now), first.records.drains.len()), (1, 1));
    let last = remove(&now, &first.records, &[(vip(80), server(2))], "b");
    make(&mut now, &last);
    assert_eq!((flags(&now), now.services[0].servers.len()), (0, 2));
    assert!(last.records.is_empty());
    assert!(last.notes.contains(&Note::FlagsBack(vip(80))));
}

#[test]
fn what_another_program_changed_meanwhile_stays() {
    let mut now = seen(vec![sticky(service(80, "mh", &[3, 5]))]);
    let order = Order { templates: Templates::Expire, ..one(1) };
    let plan = drained(&now, &Records::default(), &order);
    make(&mut now, &plan);
    now.services[0].service.flags = SchedulerFlags::from_bits(0b11);
    now.services[0].servers[0].destination.weight = 7;
    now.parameters.expire_quiescent_template = Some("2".to_owned());
    let last = undrain(&now, &plan.records, &back(Selection::Recorded), "b").unwrap();
    assert_eq!((last.steps.len(), last.records.is_empty()), (0, true), "{last:?}");
    assert_eq!(
        last.notes,
        [Note::Undone(vip(80), server(1), 7), Note::FlagsForeign(vip(80)), Note::TemplatesForeign]
    );
    // Drained again, it has a new weight to give back.
    let again = plan_of(&now, &plan.records);
    assert_eq!((again.drains[0].weight, &*again.drains[0].since), (7, "later"));
}

fn plan_of(now: &Seen, records: &Records) -> Records {
    plan(now, records, &one(1), &caller("later")).unwrap().records
}

#[test]
fn a_real_server_that_has_gone_is_told_and_forgotten() {
    let mut now = seen(vec![service(80, "wrr", &[3, 5])]);
    let plan = drained(&now, &Records::default(), &one(1));
    make(&mut now, &plan);
    now.services[0].servers.remove(0);
    assert_eq!(list(&now, &plan.records)[0].standing, Standing::NoServer);
    let last = undrain(&now, &plan.records, &back(one(1).selection), "b").unwrap();
    assert_eq!((last.steps.len(), &last.notes[..]), (0, &[Note::Gone(vip(80), server(1))][..]));
    assert!(last.records.is_empty());
    assert!(forget(&now, &plan.records, "b").records.is_empty());
    now.services.clear();
    assert_eq!(list(&now, &plan.records)[0].standing, Standing::NoService);
}

#[test]
fn a_flag_that_another_program_removed_is_told() {
    let mut now = seen(vec![service(80, "mh", &[3, 5])]);
    let plan = drained(&now, &Records::default(), &one(1));
    make(&mut now, &plan);
    assert_eq!(list(&now, &plan.records)[0].standing, Standing::Draining);
    now.services[0].service.flags = SchedulerFlags::default();
    assert_eq!(list(&now, &plan.records)[0].standing, Standing::Refusing("mh-fallback"));
    now.services[0].servers[0].destination.weight = 3;
    assert_eq!(list(&now, &plan.records)[0].standing, Standing::Undone);
}

#[test]
fn schedulers_that_refuse_clients_are_refused() {
    let refusal = |scheduler: &str, hash| {
        let seen = seen(vec![service(80, scheduler, &[1, 1])]);
        plan(&seen, &Records::default(), &Order { hash, ..one(1) }, &caller("now")).err()
    };
    for scheduler in ["mh", "sh"] {
        let kept = refusal(scheduler, Hash::Keep);
        assert!(matches!(kept, Some(Rejection::Drain(DrainRefusal::FlagKept { .. }))), "{kept:?}");
        assert_eq!(refusal(scheduler, Hash::Set), None);
    }
    let dh = refusal("dh", Hash::Set);
    assert!(matches!(dh, Some(Rejection::Drain(DrainRefusal::NoFlag { .. }))), "{dh:?}");
    assert_eq!(refusal("wlc", Hash::Keep), None);
}

#[test]
fn enough_real_servers_stay_up() {
    let refusal = |weights: &[u32], least| {
        let seen = seen(vec![service(80, "wrr", weights), service(81, "wrr", &[1, 1, 1, 1])]);
        let order = Order { least, ..order(everywhere(1)) };
        match plan(&seen, &Records::default(), &order, &caller("now")) {
            Err(Rejection::Drain(DrainRefusal::TooFew { left, of, least, .. })) => {
                Some((left, of, least))
            }
            Err(other) => panic!("{other}"),
            Ok(_) => None,
        }
    };
    assert_eq!(refusal(&[1, 1], Least::Number(1)), None);
    assert_eq!(refusal(&[1, 0], Least::Number(1)), Some((0, 2, 1)));
    assert_eq!(refusal(&[1], Least::Number(1)), Some((0, 1, 1)));
    assert_eq!(refusal(&[1], Least::Number(0)), None);
    assert_eq!(refusal(&[1, 1, 1], Least::Percent(70)), Some((2, 3, 3)));
    assert_eq!(refusal(&[1, 1, 1], Least::Percent(66)), None);
    // Real servers that are already drained are no loss.
    assert_eq!(refusal(&[0, 0], Least::Number(1)), None);
}

#[test]
fn what_does_not_exist_is_named() {
    let seen = seen(vec![service(80, "wrr", &[1, 1])]);
    let other = Selection::One(vip(80), DestinationKey { port: 8080, ..server(1) });
    let absent = absent(&seen, &other);
    assert!(matches!(absent, Rejection::NoDestination { ports, .. } if ports == [80]));
    let nowhere = plan(&seen, &Records::default(), &order(everywhere(9)), &caller("now")).err();
    assert!(matches!(nowhere, Some(Rejection::Drain(DrainRefusal::NoServer { .. }))));
    let undrained = undrain(&seen, &Records::default(), &back(everywhere(9)), "b").err();
    assert!(matches!(undrained, Some(Rejection::Drain(DrainRefusal::NoServer { .. }))));
}

#[test]
fn a_weight_that_nobody_knows_has_to_be_given() {
    let now = seen(vec![service(80, "wrr", &[0, 5])]);
    let plan = drained(&now, &Records::default(), &one(1));
    assert_eq!(plan.notes, [Note::ZeroBefore(vip(80), server(1))]);
    for records in [plan.records, Records::default()] {
        let refused = undrain(&now, &records, &back(one(1).selection), "b").err();
        assert!(matches!(
            refused,
            Some(Rejection::Drain(DrainRefusal::NoWeight { .. } | DrainRefusal::NoRecord { .. }))
        ));
        let order = Undrain { back: Back::Weight(4), ..back(one(1).selection) };
        let given = undrain(&now, &records, &order, "b").unwrap();
        assert_eq!((given.targets[0].to, given.records.is_empty()), (4, true));
    }
    let up = undrain(&now, &Records::default(), &back(one(2).selection), "b").unwrap();
    assert!(up.changes_nothing(&Records::default()), "{up:?}");
}

#[test]
fn an_interrupted_ramp_is_drained_again_with_its_full_weight() {
    let now = seen(vec![service(80, "wrr", &[2, 5])]);
    let record = Record {
        service: vip(80),
        server: server(1),
        weight: 5,
        standing: 2,
        goal: 0,
        since: "then".to_owned(),
        by: "uid 0".to_owned(),
        reason: None,
        expires_templates: false,
    };
    let records = Records { drains: vec![record], ..Records::default() };
    assert_eq!(list(&now, &records)[0].standing, Standing::Rising);
    let again = plan_of(&now, &records);
    assert_eq!((again.drains[0].weight, again.drains[0].standing), (5, 0));
    let last = undrain(&now, &records, &back(Selection::Recorded), "b").unwrap();
    assert_eq!((last.targets[0].from, last.targets[0].to), (2, 5));
}

#[test]
fn what_keeps_clients_or_packets_is_said_where_it_matters() {
    let mut now = seen(vec![service(80, "wrr", &[3, 5])]);
    assert_eq!(drained(&now, &Records::default(), &one(1)).notes, []);
    now.parameters.conn_reuse_mode = Some("0".to_owned());
    now.parameters.expire_nodest_conn = Some("0".to_owned());
    let plan = drained(&now, &Records::default(), &one(1));
    assert_eq!(plan.notes, [Note::ReuseOff]);
    make(&mut now, &plan);
    let chosen = [(vip(80), server(1))];
    assert_eq!(remove(&now, &plan.records, &chosen, "b").notes, []);
    now.services[0].servers[0].active = 1;
    assert_eq!(remove(&now, &plan.records, &chosen, "b").notes, [Note::NodestOff]);
    now.services[0].servers[0].active = 0;
    now.services[0].servers[0].inactive = 1;
    assert_eq!(remove(&now, &plan.records, &chosen, "b").notes, []);
    let mut now = seen(vec![sticky(service(80, "wrr", &[3, 5]))]);
    now.parameters.expire_nodest_conn = Some("0".to_owned());
    let expire = Order { templates: Templates::Expire, ..one(1) };
    let plan = drained(&now, &Records::default(), &expire);
    assert_eq!(plan.notes, [Note::TemplatesExpire, Note::PortsHeld]);
    make(&mut now, &plan);
    now.services[0].servers[0].inactive = 1;
    assert_eq!(remove(&now, &plan.records, &chosen, "b").notes[..1], [Note::NodestOff]);
    let mut dns = service(53, "rr", &[1, 1]);
    dns.service.key = ServiceKey::udp("192.0.2.80:53".parse().unwrap());
    let order = order(Selection::One(dns.service.key, server(1)));
    let plan = drained(&seen(vec![dns]), &Records::default(), &order);
    assert_eq!(plan.notes, [Note::Udp(300)]);
}

#[test]
fn a_drain_that_keeps_persistence_does_not_prolong_that_of_another() {
    let mut now = seen(vec![sticky(service(80, "wrr", &[1, 1, 1]))]);
    let first =
        drained(&now, &Records::default(), &Order { templates: Templates::Expire, ..one(1) });
    make(&mut now, &first);
    let second = drained(&now, &first.records, &one(2));
    make(&mut now, &second);
    let back = undrain(&now, &second.records, &back(one(1).selection), "b").unwrap();
    make(&mut now, &back);
    assert_eq!(now.parameters.expire_quiescent_template.as_deref(), Some("0"));
    assert_eq!((back.records.drains.len(), back.records.template), (1, None));
}

#[test]
fn flags_that_the_order_keeps_are_not_set_for_a_weight_of_zero() {
    let seen = seen(vec![service(80, "mh", &[0, 5])]);
    let order = Order { hash: Hash::Keep, ..one(1) };
    let plan = drained(&seen, &Records::default(), &order);
    assert_eq!((plan.steps, plan.records.flags), (vec![], vec![]));
    assert_eq!(plan.notes, [Note::ZeroBefore(vip(80), server(1))]);
}

#[test]
fn a_standby_does_not_keep_the_others_from_coming_back() {
    let mut now = seen(vec![service(80, "mh", &[3, 5]), service(81, "mh", &[0, 5])]);
    let plan = drained(&now, &Records::default(), &order(everywhere(1)));
    make(&mut now, &plan);
    for selection in [everywhere(1), Selection::Recorded] {
        let mut now = now.clone();
        let back = undrain(&now, &plan.records, &back(selection), "b").unwrap();
        make(&mut now, &back);
        let weights =
            [80, 81].map(|it| now.server(&vip(it), &server(1)).unwrap().destination.weight);
        assert_eq!((weights, back.records.is_empty()), ([3, 0], true));
        assert!(back.notes.contains(&Note::StaysZero(vip(81), server(1))), "{:?}", back.notes);
        assert!(now.services.iter().all(|it| it.service.flags == SchedulerFlags::default()));
    }
}

#[test]
fn real_servers_without_a_record_stay_where_another_one_comes_back() {
    let mut now = seen(vec![
        service(80, "wrr", &[3, 5]),
        service(81, "wrr", &[0, 5]),
        service(82, "wrr", &[9, 5]),
    ]);
    let plan = drained(&now, &Records::default(), &one(1));
    make(&mut now, &plan);
    let weights = |plan: &Plan| -> Vec<(u32, u32)> {
        plan.targets.iter().map(|it| (it.from, it.to)).collect()
    };
    let recorded = undrain(&now, &plan.records, &back(everywhere(1)), "b").unwrap();
    assert_eq!(weights(&recorded), [(0, 3), (0, 0), (9, 9)]);
    assert_eq!(recorded.notes, [Note::NotDrained(vip(81), server(1))]);
    let order = Undrain { back: Back::Weight(4), ..back(everywhere(1)) };
    let given = undrain(&now, &plan.records, &order, "b").unwrap();
    assert_eq!(weights(&given), [(0, 4), (0, 4), (9, 9)]);
    // No real server gets a weight back, so the order is refused.
    now.services = vec![service(81, "wrr", &[0, 5])];
    let refused = undrain(&now, &Records::default(), &back(everywhere(1)), "b").err();
    assert!(matches!(refused, Some(Rejection::Drain(DrainRefusal::NoRecord { .. }))));
}

#[test]
fn a_firewall_mark_may_carry_datagrams() {
    let mark = ServiceKey::Fwmark { mark: std::num::NonZeroU32::MIN, family: Family::V4 };
    let mut marked = service(80, "rr", &[1, 1]);
    marked.service.key = mark;
    let order = order(Selection::One(mark, server(1)));
    let mut now = seen(vec![marked]);
    let plan = drained(&now, &Records::default(), &order);
    assert_eq!(plan.notes, [Note::Udp(300)]);
    make(&mut now, &plan);
    now.parameters.expire_nodest_conn = Some("0".to_owned());
    now.services[0].servers[0].inactive = 1;
    let chosen = [(mark, server(1))];
    assert_eq!(remove(&now, &plan.records, &chosen, "b").notes, [Note::NodestOff]);
    now.services[0].service.one_packet = true;
    assert_eq!(remove(&now, &plan.records, &chosen, "b").notes, []);
}

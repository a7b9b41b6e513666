//! Layout of `struct ip_vs_get_services`, `struct ip_vs_get_dests` and their entries
//! (`linux/ip_vs.h`).

use std::mem::offset_of;
use std::net::Ipv4Addr;
use std::num::NonZeroU32;

use crate::model::{
    Destination, DestinationEntry, DestinationKey, EngineName, Family, SchedulerName, Service,
    ServiceKey, Stats, Tunnel,
};
use crate::netlink::{ConfiguredService, forwarding};

#[repr(C)]
struct StatsEntry {
    conns: u32,
    inpkts: u32,
    outpkts: u32,
    inbytes: u64,
    outbytes: u64,
    cps: u32,
    inpps: u32,
    outpps: u32,
    inbps: u32,
    outbps: u32,
}

/// `struct ip_vs_service_entry`. Addresses and ports are in network byte order.
#[repr(C)]
pub struct ServiceImage {
    protocol: u16,
    addr: u32,
    port: u16,
    fwmark: u32,
    sched_name: [u8; 16],
    flags: u32,
    timeout: u32,
    netmask: u32,
    num_dests: u32,
    stats: StatsEntry,
}

/// `struct ip_vs_get_services`: the header before the services.
#[repr(C)]
pub struct ServicesHead {
    num_services: u32,
    entrytable: [ServiceImage; 0],
}

/// `struct ip_vs_dest_entry`. Addresses and ports are in network byte order.
#[repr(C)]
pub struct ServerImage {
    addr: u32,
    port: u16,
    conn_flags: u32,
    weight: u32,
    u_threshold: u32,
    l_threshold: u32,
    activeconns: u32,
    inactconns: u32,
    persistconns: u32,
    stats: StatsEntry,
}

/// `struct ip_vs_get_dests`: the header before the real servers. The request fills in the service
/// and how many real servers fit.
#[repr(C)]
pub struct ServersHead {
    protocol: u16,
    addr: u32,
    port: u16,
    fwmark: u32,
    num_dests: u32,
    entrytable: [ServerImage; 0],
}

/// Length in bytes of the answer to `IP_VS_SO_GET_INFO`: version, size of the connection table,
/// number of services.
pub const INFO: usize = 12;
/// Offset of the number of services in that answer.
const INFO_SERVICES: usize = 8;

/// Weight that marks an entry as not written by the kernel. No real server has it, because the
/// kernel refuses negative weights.
const NO_WEIGHT: u32 = u32::MAX;

/// Bounds of a packet's length in bytes: an IPv4 header, and more than the largest packet of the
/// kernel (BIG TCP: 512 KiB).
const SHORTEST: u64 = 20;
const LONGEST: u64 = 1 << 19;

/// Copies `N` bytes of an image. Callers pass offsets of the structures above, so the zeros for a
/// missing range are never used.
fn bytes<const N: usize>(image: &[u8], offset: usize) -> [u8; N] {
    image.get(offset..).and_then(<[u8]>::first_chunk).copied().unwrap_or([0; N])
}

fn u32_at(image: &[u8], offset: usize) -> u32 {
    u32::from_ne_bytes(bytes(image, offset))
}

/// The number of IPv4 services in the answer to `IP_VS_SO_GET_INFO`.
pub fn services_of(info: &[u8; INFO]) -> usize {
    u32_at(info, INFO_SERVICES) as usize
}

/// An empty answer buffer with room for `count` services.
pub fn room_for_services(count: usize) -> Vec<u8> {
    let head = offset_of!(ServicesHead, entrytable);
    let mut answer = vec![0; head + count * size_of::<ServiceImage>()];
    let count = u32::try_from(count).unwrap_or(u32::MAX);
    answer[..4].copy_from_slice(&count.to_ne_bytes());
    answer
}

/// Size in bytes of a service in an answer.
pub const SERVICE: usize = size_of::<ServiceImage>();

/// The bytes of the service number `place`, from 0, in an answer with `step` bytes for each
/// service.
pub fn service_at(answer: &[u8], step: usize, place: usize) -> &[u8] {
    let start = offset_of!(ServicesHead, entrytable) + place * step;
    answer.get(start..start + step).unwrap_or_default()
}

/// Removes the counters from the first `count` images and frees their memory. Returns the new
/// size of an image in bytes.
pub fn drop_counters(answer: &mut Vec<u8>, count: usize) -> usize {
    let (head, step) = (offset_of!(ServicesHead, entrytable), offset_of!(ServiceImage, stats));
    for place in 0..count {
        let start = head + place * SERVICE;
        answer.copy_within(start..start + step, head + place * step);
    }
    answer.truncate(head + count * step);
    answer.shrink_to_fit();
    step
}

/// Number of services that the kernel has written. It always writes a scheduler name, even for a
/// service without one, so an empty name marks the end.
pub fn services_in(answer: &[u8]) -> usize {
    let images =
        answer[offset_of!(ServicesHead, entrytable)..].chunks_exact(size_of::<ServiceImage>());
    images.take_while(|image| image[offset_of!(ServiceImage, sched_name)] != 0).count()
}

/// Decodes the key of a service. The socket options list only IPv4 services.
pub fn key_of(image: &[u8]) -> ServiceKey {
    if let Some(mark) = NonZeroU32::new(u32_at(image, offset_of!(ServiceImage, fwmark))) {
        return ServiceKey::Fwmark { mark, family: Family::V4 };
    }
    ServiceKey::Address {
        protocol: u16::from_ne_bytes(bytes(image, offset_of!(ServiceImage, protocol))).into(),
        address: Ipv4Addr::from(bytes::<4>(image, offset_of!(ServiceImage, addr))).into(),
        port: u16::from_be_bytes(bytes(image, offset_of!(ServiceImage, port))),
    }
}

/// Decodes a service. Its persistence engine is a parameter, because the image does not contain it.
pub fn service_of(image: &[u8], engine: Option<EngineName>) -> Service {
    let name: [u8; 16] = bytes(image, offset_of!(ServiceImage, sched_name));
    let configured = ConfiguredService {
        key: key_of(image),
        scheduler: SchedulerName::from_kernel(&name),
        flags: u32_at(image, offset_of!(ServiceImage, flags)),
        timeout: u32_at(image, offset_of!(ServiceImage, timeout)),
        netmask: u32_at(image, offset_of!(ServiceImage, netmask)),
        engine,
    };
    configured.into()
}

/// Number of real servers of a service, including IPv6 ones, which the socket options do not list.
pub fn servers_of(image: &[u8]) -> usize {
    u32_at(image, offset_of!(ServiceImage, num_dests)) as usize
}

/// Decodes the counters of a service; zeros after [`drop_counters`].
pub fn service_stats(image: &[u8]) -> Stats {
    image
        .get(offset_of!(ServiceImage, stats)..)
        .filter(|it| !it.is_empty())
        .map_or_else(Stats::default, stats)
}

/// Turns `answer` into the request for the real servers of the service in `image`, with room for
/// `count`.
pub fn ask_for_servers(answer: &mut Vec<u8>, image: &[u8], count: usize) {
    let head = offset_of!(ServersHead, entrytable);
    answer.resize(head + count * size_of::<ServerImage>(), 0);
    let mut put = |offset: usize, bytes: &[u8]| {
        answer[offset..offset + bytes.len()].copy_from_slice(bytes);
    };
    let count = u32::try_from(count).unwrap_or(u32::MAX);
    put(offset_of!(ServersHead, num_dests), &count.to_ne_bytes());
    let same: [(usize, usize, usize); 4] = [
        (offset_of!(ServersHead, protocol), offset_of!(ServiceImage, protocol), 2),
        (offset_of!(ServersHead, addr), offset_of!(ServiceImage, addr), 4),
        (offset_of!(ServersHead, port), offset_of!(ServiceImage, port), 2),
        (offset_of!(ServersHead, fwmark), offset_of!(ServiceImage, fwmark), 4),
    ];
    for (to, from, length) in same {
        put(to, &image[from..from + length]);
    }
    for entry in answer[head..].chunks_exact_mut(size_of::<ServerImage>()) {
        let place = offset_of!(ServerImage, weight);
        entry[place..place + 4].copy_from_slice(&NO_WEIGHT.to_ne_bytes());
    }
}

/// The images of the real servers that the kernel has written.
pub fn servers_in(answer: &[u8]) -> impl Iterator<Item = &[u8]> {
    let images =
        answer[offset_of!(ServersHead, entrytable)..].chunks_exact(size_of::<ServerImage>());
    images.take_while(|image| u32_at(image, offset_of!(ServerImage, weight)) != NO_WEIGHT)
}

/// Decodes a real server. The image does not tell the tunnel's kind and parameters, so every tunnel
/// is decoded as IPIP.
pub fn server_of(image: &[u8], counters: bool) -> DestinationEntry {
    let key = DestinationKey {
        address: Ipv4Addr::from(bytes::<4>(image, offset_of!(ServerImage, addr))).into(),
        port: u16::from_be_bytes(bytes(image, offset_of!(ServerImage, port))),
    };
    let flags = u32_at(image, offset_of!(ServerImage, conn_flags));
    let image_of_stats = &image[offset_of!(ServerImage, stats)..];
    DestinationEntry {
        destination: Destination {
            key,
            forwarding: forwarding(flags, || Tunnel::Ipip),
            weight: u32_at(image, offset_of!(ServerImage, weight)),
            upper_threshold: u32_at(image, offset_of!(ServerImage, u_threshold)),
            lower_threshold: u32_at(image, offset_of!(ServerImage, l_threshold)),
        },
        active: u32_at(image, offset_of!(ServerImage, activeconns)),
        inactive: u32_at(image, offset_of!(ServerImage, inactconns)),
        persistent: u32_at(image, offset_of!(ServerImage, persistconns)),
        stats: if counters { stats(image_of_stats) } else { Stats::default() },
    }
}

/// Whether these totals can be complete although the socket options cut all of them but bytes to 32
/// bits. Each packet has at least 20 bytes, so below 80 GiB there are fewer than 2^32 packets, and
/// each connection began with a packet. A comparison with the service's counters would prove
/// nothing: a real server that was deleted and added again may have higher counters.
pub fn has_whole_totals(stats: &Stats) -> bool {
    stats.in_bytes.max(stats.out_bytes) / SHORTEST < u64::from(u32::MAX)
}

/// Whether these rates can be complete although the socket options cut all of them to 32 bits: few
/// enough packets cannot have 2^32 bytes.
pub fn has_whole_rates(stats: &Stats) -> bool {
    let packets = stats.in_packet_rate.max(stats.out_packet_rate);
    packets.saturating_mul(LONGEST) < u64::from(u32::MAX)
}

fn stats(image: &[u8]) -> Stats {
    let short = |offset| u64::from(u32_at(image, offset));
    let long = |offset| u64::from_ne_bytes(bytes(image, offset));
    Stats {
        connections: short(offset_of!(StatsEntry, conns)),
        in_packets: short(offset_of!(StatsEntry, inpkts)),
        out_packets: short(offset_of!(StatsEntry, outpkts)),
        in_bytes: long(offset_of!(StatsEntry, inbytes)),
        out_bytes: long(offset_of!(StatsEntry, outbytes)),
        connection_rate: short(offset_of!(StatsEntry, cps)),
        in_packet_rate: short(offset_of!(StatsEntry, inpps)),
        out_packet_rate: short(offset_of!(StatsEntry, outpps)),
        in_byte_rate: short(offset_of!(StatsEntry, inbps)),
        out_byte_rate: short(offset_of!(StatsEntry, outbps)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_those_of_the_c_structures_on_64_bit_machines() {
        if size_of::<usize>() == 8 {
            let sizes = [size_of::<ServiceImage>(), size_of::<ServerImage>()];
            assert_eq!(sizes, [104, 96]);
            let heads = [offset_of!(ServicesHead, entrytable), offset_of!(ServersHead, entrytable)];
            assert_eq!(heads, [8, 24]);
        }
    }

    #[test]
    fn services_are_the_same_without_counters() {
        let mut answer = room_for_services(3);
        for (byte, place) in answer.iter_mut().zip(0_u32..) {
            *byte = place.wrapping_mul(37).to_ne_bytes()[0] | 1;
        }
        let read = |answer: &[u8], step| {
            let service = |place| service_of(service_at(answer, step, place), None);
            let servers = |place| servers_of(service_at(answer, step, place));
            (0..2).map(|place| (service(place), servers(place))).collect::<Vec<_>>()
        };
        let whole = read(&answer, SERVICE);
        assert_ne!(service_stats(service_at(&answer, SERVICE, 1)), Stats::default());
        let step = drop_counters(&mut answer, 2);
        assert!(step < SERVICE);
        assert_eq!(read(&answer, step), whole);
        assert_eq!(service_stats(service_at(&answer, step, 1)), Stats::default());
        assert!(service_at(&answer, step, 2).is_empty());
    }

    #[test]
    fn totals_are_complete_below_2_32_packets() {
        let of = |in_bytes, out_bytes| {
            has_whole_totals(&Stats { in_bytes, out_bytes, ..Stats::default() })
        };
        assert!(of(0, 0));
        assert!(of((80 << 30) - 100, 1));
        assert!(!of(80 << 30, 0));
        assert!(!of(0, u64::MAX));
    }

    #[test]
    fn rates_are_complete_below_2_32_bytes() {
        let of = |in_packet_rate| has_whole_rates(&Stats { in_packet_rate, ..Stats::default() });
        assert!(of(8191));
        assert!(!of(8192));
        assert!(!of(u64::from(u32::MAX)));
    }
}

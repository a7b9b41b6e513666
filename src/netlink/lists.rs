//! Complete lists of services and real servers, even while another program changes the table.
//!
//! The kernel sends a long dump in pieces and continues each time at the n-th entry. If entries
//! before that place are deleted meanwhile, the dump skips as many entries at the start of the next
//! piece. IPVS does not report this (`NLM_F_DUMP_INTR`). So the client reads a list of several
//! pieces again with other piece borders: an entry skipped at a border of one reading lies inside a
//! piece of another reading.

use std::collections::{BTreeMap, BTreeSet};
use std::os::fd::AsFd;

use netlink_sys::protocols::NETLINK_GENERIC;

use super::codec;
use super::ipvs::{Client, explain};
use super::socket::{CHUNK, Dump, Socket};
use super::uapi::command;
use crate::error::{Errno, Error};
use crate::model::{DestinationEntry, Operation, ServiceEntry, ServiceKey};
use crate::system::namespace::cookie_of;

/// Size in bytes of the receive buffer for the real servers of one service, and how many real
/// servers fit. The kernel allocates a whole piece and on distribution kernels zeroes it, which
/// costs more than filling it. With the kernel's overhead, `SMALL` fits in 4 KiB, the kernel's
/// smallest allocation, and `MIDDLE` in 8 KiB.
const SMALL: (usize, usize) = (3776, 9);
const MIDDLE: (usize, usize) = (7800, 19);

/// Sizes in bytes of the first piece in readings with shifted borders. A piece of 32 KiB holds 90
/// services or 81 real servers; these first pieces hold about 35, 12 and 57 services. So all later
/// borders move by a half, a quarter and three quarters of a piece.
const OFFSETS: [usize; 3] = [12_600, 4_400, 20_600];

/// Readings after which a list that still changes is given up with [`Error::Interrupted`].
const READINGS: u32 = 16;

/// Successive readings without a new entry after which a list counts as complete.
const WITHOUT_NEWS: u32 = 3;

/// Which socket reads a list.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pieces {
    /// A socket with pieces of [`SMALL`], kept for the next list.
    Small,
    /// A socket with pieces of [`MIDDLE`], kept for the next list.
    Middle,
    /// The client's own socket, with pieces of 32 KiB.
    Large,
    /// A new socket, with pieces of 32 KiB after a first piece of this many bytes.
    After(usize),
}

impl Pieces {
    /// The socket for the n-th reading of a list of services, from 0.
    pub(crate) fn of_services(reading: u32) -> Self {
        match reading as usize % (OFFSETS.len() + 1) {
            0 => Self::Large,
            place => Self::After(OFFSETS[place - 1]),
        }
    }

    /// The socket for the n-th reading of one service's real servers. The first reading comes in
    /// one piece if the service has no more real servers than the last one listed.
    fn of_destinations(before: usize, reading: u32) -> Self {
        match reading.checked_sub(1) {
            None if before <= SMALL.1 => Self::Small,
            None if before <= MIDDLE.1 => Self::Middle,
            Some(reading) if before <= MIDDLE.1 => Self::of_services(reading),
            // Two readings with the same borders would skip the same entries.
            None | Some(_) => Self::of_services(reading),
        }
    }
}

/// One reading of a list.
#[derive(Clone, Debug)]
pub(crate) struct Reading<T> {
    pub(crate) list: Vec<T>,
    /// Came in one piece, so the kernel cannot have skipped an entry.
    pub(crate) whole: bool,
}

/// How many readings showed an entry, and how many there were.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sightings {
    pub(crate) seen: u32,
    pub(crate) readings: u32,
}

/// Reads a list until it is complete: one reading in a single piece, or two successive readings
/// with the same keys. While another program keeps writing, three readings without a new entry are
/// enough; `exists` then decides about each entry that the last reading lacks.
///
/// # Errors
/// [`Error::Interrupted`] if the readings keep showing new entries.
pub(crate) fn settle<S, T, K: Ord>(
    source: &mut S,
    mut read: impl FnMut(&mut S, u32) -> Result<Reading<T>, Error>,
    key: impl Fn(&T) -> K,
    mut exists: impl FnMut(&mut S, &T, Sightings) -> Result<bool, Error>,
) -> Result<Vec<T>, Error> {
    let mut known: BTreeMap<K, (T, u32)> = BTreeMap::new();
    let mut before: Option<(Vec<K>, Vec<T>)> = None;
    let mut without_news = 0;
    for number in 0..READINGS {
        let Reading { mut list, whole } = read(source, number)?;
        if whole {
            return Ok(list);
        }
        let mut now: Vec<K> = list.iter().map(&key).collect();
        now.sort_unstable();
        if let Some((keys, entries)) = before {
            if keys == now {
                return Ok(list);
            }
            for entry in entries {
                let seen = known.get(&key(&entry)).map_or(0, |(_, seen)| *seen);
                known.insert(key(&entry), (entry, seen + 1));
            }
        }
        let is_news = now.iter().any(|key| !known.contains_key(key));
        without_news = if is_news { 0 } else { without_news + 1 };
        if without_news == WITHOUT_NEWS {
            for (key, (entry, seen)) in known {
                let sightings = Sightings { seen, readings: number };
                if now.binary_search(&key).is_err() && exists(source, &entry, sightings)? {
                    list.push(entry);
                }
            }
            return Ok(list);
        }
        before = Some((now, list));
    }
    Err(Error::Interrupted(READINGS))
}

impl Client {
    /// Every virtual service, in the kernel's order. The list contains each service that exists
    /// throughout the call exactly once; services added or deleted meanwhile may be missing.
    pub fn services(&mut self) -> Result<Vec<ServiceEntry>, Error> {
        let read = |client: &mut Self, number| {
            let mut list = Vec::new();
            let dump = client.each_service(Pieces::of_services(number), |seen| {
                list.push(seen.entry()?);
                Ok(())
            })?;
            Ok(reading(list, dump, |it| it.service.key))
        };
        let exists = |client: &mut Self, entry: &ServiceEntry, _| {
            Ok(client.service_if_present(&entry.service.key)?.is_some())
        };
        settle(self, read, |entry| entry.service.key, exists)
    }

    /// Like [`Self::service`], but `None` if the service does not exist.
    pub(crate) fn service_if_present(
        &mut self,
        key: &ServiceKey,
    ) -> Result<Option<ServiceEntry>, Error> {
        match self.service(key) {
            Ok(entry) => Ok(Some(entry)),
            Err(Error::Kernel { errno: Errno::ESRCH, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Passes the answer about each service to `take`. Reads the list once, so services may be
    /// missing while another program writes.
    pub(crate) fn each_service(
        &mut self,
        pieces: Pieces,
        mut take: impl FnMut(codec::SeenService<'_>) -> Result<(), Error>,
    ) -> Result<Dump, Error> {
        let request = codec::plain(command::GET_SERVICE).to(self.family);
        let dump = self.cut(pieces)?.dump_each(request, |it| {
            take(codec::look_at_service(codec::answer(it, command::NEW_SERVICE)?)?)
        });
        dump.map_err(|failure| explain(failure, Operation::ListServices))
    }

    /// The real servers of a service, in the kernel's order. The list contains each real server
    /// that exists throughout the call exactly once. For an unknown service the kernel returns an
    /// empty list; use [`Self::service`] to tell the two cases apart.
    pub fn destinations(&mut self, key: &ServiceKey) -> Result<Vec<DestinationEntry>, Error> {
        self.listed_destinations(key, true)
    }

    /// Like [`Self::destinations`]; decodes the counters only if `counters` is set.
    pub(crate) fn listed_destinations(
        &mut self,
        service: &ServiceKey,
        counters: bool,
    ) -> Result<Vec<DestinationEntry>, Error> {
        let decode = if counters {
            codec::decode_destination
        } else {
            codec::decode_destination_without_counters
        };
        let family = service.family();
        let before = self.servers_before;
        let read = |client: &mut Self, number| {
            let request = codec::get_destinations(service).to(client.family);
            let mut list = Vec::with_capacity(before);
            let dump =
                client.cut(Pieces::of_destinations(before, number))?.dump_each(request, |it| {
                    list.push(decode(codec::answer(it, command::NEW_DEST)?, family)?);
                    Ok(())
                });
            let dump = dump.map_err(|failure| explain(failure, Operation::ListDestinations))?;
            Ok(reading(list, dump, |it| it.destination.key))
        };
        // The kernel has no request for a single real server, so the majority of the readings
        // decides.
        let exists = |_: &mut Self, _: &DestinationEntry, Sightings { seen, readings }| {
            Ok(seen * 2 >= readings)
        };
        let list = settle(self, read, |entry| entry.destination.key, exists)?;
        self.servers_before = list.len();
        Ok(list)
    }

    /// The socket that reads lists in these pieces. If the thread has entered another network
    /// namespace, the client's own socket, since a new one would belong to that namespace.
    fn cut(&mut self, pieces: Pieces) -> Result<&mut Socket, Error> {
        let (place, first, chunk) = match pieces {
            Pieces::Large => return Ok(&mut self.socket),
            Pieces::Small => (&mut self.small, SMALL.0, SMALL.0),
            Pieces::Middle => (&mut self.middle, MIDDLE.0, MIDDLE.0),
            Pieces::After(first) => (&mut self.offset, first, CHUNK),
        };
        if matches!(pieces, Pieces::After(_)) || place.is_none() {
            let socket = Socket::with_chunks(NETLINK_GENERIC, first, chunk)?;
            *place = share_namespace(&self.socket, &socket).then_some(socket);
        }
        Ok(place.as_mut().unwrap_or(&mut self.socket))
    }

    pub(crate) fn shares_namespace_with(&self, socket: &impl AsFd) -> bool {
        share_namespace(&self.socket, socket)
    }
}

/// Whether both sockets belong to the same network namespace. Kernels before 5.14 have no namespace
/// cookie; there the answer is always yes.
fn share_namespace(one: &impl AsFd, other: &impl AsFd) -> bool {
    let cookie = cookie_of(one);
    cookie.is_none() || cookie == cookie_of(other)
}

// The kernel fills a piece under its lock, so a list of one piece has no duplicates.
fn reading<T, K: Ord>(list: Vec<T>, dump: Dump, key: impl Fn(&T) -> K) -> Reading<T> {
    let whole = dump.pieces <= 1;
    Reading { list: if whole { list } else { unique(list, key) }, whole }
}

/// Keeps the first of each set of equal keys. A dump continues after the n-th entry, so an entry
/// that moved after that place appears again. Duplicates are rare, so the check allocates only one
/// vector.
fn unique<T, K: Ord>(mut list: Vec<T>, key: impl Fn(&T) -> K) -> Vec<T> {
    let mut places: Vec<usize> = (0..list.len()).collect();
    // A stable sort keeps the first of equal entries first.
    places.sort_by_key(|place| key(&list[*place]));
    let is_again = |pair: &[usize]| key(&list[pair[0]]) == key(&list[pair[1]]);
    let again: BTreeSet<usize> =
        places.windows(2).filter(|pair| is_again(pair)).map(|pair| pair[1]).collect();
    if !again.is_empty() {
        let mut place = 0..;
        list.retain(|_| place.next().is_none_or(|place| !again.contains(&place)));
    }
    list
}

#[cfg(test)]
mod tests;

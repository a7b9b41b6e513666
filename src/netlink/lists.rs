//! Lists of services and of real servers that are whole although another program changes the table.
//!
//! A dump that does not fit in one piece goes on at the n-th entry. Where entries before that place
//! were deleted meanwhile, the dump passes over as many that nobody touched, the first of the next
//! piece. IPVS does not report it (`NLM_F_DUMP_INTR`). So a list of several pieces is read again with
//! the borders of the pieces elsewhere: what one reading passes over lies in the middle of a piece of
//! another one.

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

/// The receive buffers for the real servers of one service, and how many of these fit. Distribution
/// kernels zero what they allocate, and a large piece costs more than what is in it. With the kernel's
/// own overhead the small one fits in 4 KiB, the least that the kernel allocates, and the other in
/// 8 KiB.
const SMALL: (usize, usize) = (3776, 9);
const MIDDLE: (usize, usize) = (7800, 19);

/// A piece of 32 KiB holds 90 services or 81 real servers. The first datagrams of these sockets have
/// room for about 10 + 35, 10 + 12 and 10 + 57 services: that moves the borders of all pieces after it
/// by a half, a quarter and three quarters of a piece.
const OFFSETS: [usize; 3] = [12_600, 4_400, 20_600];

/// Readings of a list until it counts as one that does not settle.
const READINGS: u32 = 16;

/// So many readings one after the other that show nothing new make a list whole.
const WITHOUT_NEWS: u32 = 3;

/// Which socket reads a list.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pieces {
    /// One with pieces of [`SMALL`], kept for the next list.
    Small,
    /// The same with pieces of [`MIDDLE`].
    Middle,
    /// That of the client, with pieces of 32 KiB.
    Large,
    /// A new one, with pieces of 32 KiB after a first one of this length.
    After(usize),
}

impl Pieces {
    /// For the readings of a list of services, one after the other.
    pub(crate) fn of_services(reading: u32) -> Self {
        match reading as usize % (OFFSETS.len() + 1) {
            0 => Self::Large,
            place => Self::After(OFFSETS[place - 1]),
        }
    }

    /// The same for the real servers of one service. The first reading is in one piece if the service
    /// has about as many as the one before had.
    fn of_destinations(before: usize, reading: u32) -> Self {
        match reading.checked_sub(1) {
            None if before <= SMALL.1 => Self::Small,
            None if before <= MIDDLE.1 => Self::Middle,
            Some(reading) if before <= MIDDLE.1 => Self::of_services(reading),
            // Two readings with the same borders would prove nothing.
            None | Some(_) => Self::of_services(reading),
        }
    }
}

/// A list as it was read once.
#[derive(Clone, Debug)]
pub(crate) struct Reading<T> {
    /// Its entries.
    pub(crate) list: Vec<T>,
    /// Nothing can have been passed over.
    pub(crate) whole: bool,
}

/// In how many readings an entry was seen, and in how many it could have been.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sightings {
    pub(crate) seen: u32,
    pub(crate) readings: u32,
}

/// Reads a list until it is whole: in one piece, or the same in two readings. Beside a program that
/// writes all the time it is whole when three readings have shown no entry that is new; `exists` says
/// which of those that the last reading did not show are there still.
///
/// # Errors
/// [`Error::Interrupted`] where there is something new again and again.
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
    /// Every virtual service, in the kernel's order. Each that is there all the time stands in it
    /// once; one that comes or goes meanwhile may be missing.
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

    /// [`Self::service`]; `None` where it does not exist.
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

    /// Gives the answer about each service to `take`; once, so some may be passed over.
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

    /// The real servers of a service, in the kernel's order. Each that is there all the time stands in
    /// it once. The kernel lists none for a service that does not exist: [`Self::service`] tells.
    pub fn destinations(&mut self, key: &ServiceKey) -> Result<Vec<DestinationEntry>, Error> {
        self.listed_destinations(key, true)
    }

    /// [`Self::destinations`], their counters only where they are wanted.
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
        // One real server cannot be asked for.
        let exists = |_: &mut Self, _: &DestinationEntry, Sightings { seen, readings }| {
            Ok(seen * 2 >= readings)
        };
        let list = settle(self, read, |entry| entry.destination.key, exists)?;
        self.servers_before = list.len();
        Ok(list)
    }

    /// A socket that cuts dumps so; that of the client where the thread has gone to another network
    /// namespace.
    fn cut(&mut self, pieces: Pieces) -> Result<&mut Socket, Error> {
        let (place, first, chunk) = match pieces {
            Pieces::Large => return Ok(&mut self.socket),
            Pieces::Small => (&mut self.small, SMALL.0, SMALL.0),
            Pieces::Middle => (&mut self.middle, MIDDLE.0, MIDDLE.0),
            Pieces::After(first) => (&mut self.offset, first, CHUNK),
        };
        if matches!(pieces, Pieces::After(_)) || place.is_none() {
            let socket = Socket::with_chunks(NETLINK_GENERIC, first, chunk)?;
            *place = is_beside(&self.socket, &socket).then_some(socket);
        }
        Ok(place.as_mut().unwrap_or(&mut self.socket))
    }

    /// Whether `socket` is in the network namespace of the client.
    pub(crate) fn is_at_home(&self, socket: &impl AsFd) -> bool {
        is_beside(&self.socket, socket)
    }
}

/// Whether both sockets are in the same network namespace. Kernels before 5.14 do not tell, and then
/// they are taken to be.
fn is_beside(one: &impl AsFd, other: &impl AsFd) -> bool {
    let cookie = cookie_of(one);
    cookie.is_none() || cookie == cookie_of(other)
}

/// The kernel makes a piece under its lock: in a list of one piece nothing comes again.
fn reading<T, K: Ord>(list: Vec<T>, dump: Dump, key: impl Fn(&T) -> K) -> Reading<T> {
    let whole = dump.pieces <= 1;
    Reading { list: if whole { list } else { unique(list, key) }, whole }
}

/// A dump goes on after the n-th entry, so one that moved behind that place comes again: the first
/// of each is kept. Seldom there is any, and to find that out costs one piece of memory.
fn unique<T, K: Ord>(mut list: Vec<T>, key: impl Fn(&T) -> K) -> Vec<T> {
    let mut places: Vec<usize> = (0..list.len()).collect();
    // Stable: of equal ones the first stays first.
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

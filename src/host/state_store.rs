//! Reads and writes the state file of a host: one for each verb and network namespace.

use std::collections::BTreeSet;

use super::state::State;
use crate::error::{Error, Obstacle};
use crate::netlink::route::Network;
use crate::system::frames::hardware;
use crate::system::identity::boot;
use crate::system::namespace;
use crate::system::state_file::StateFile;

/// The state file of `rs` or `director` in this network namespace.
pub struct StateStore {
    file: StateFile,
}

impl StateStore {
    /// Opens the state file for changes. One run at a time can do this.
    pub fn lock(verb: &str) -> Result<Self, Error> {
        Ok(Self { file: StateFile::lock(verb)? })
    }

    /// Opens the state file for reading.
    pub fn look(verb: &str) -> Result<Self, Error> {
        Ok(Self { file: StateFile::look(verb)? })
    }

    /// Reads the state for this boot and network namespace. Empty if there is no file, or if the
    /// file belongs to an earlier namespace with the same inode number.
    pub fn read(&self, network: &mut Network) -> Result<State, Error> {
        let boot = boot()?;
        let state = match self.file.read()? {
            None => State::new(boot.clone()),
            Some((text, path)) => State::read(&text, &boot)
                .map_err(|why| Obstacle::StateFile { path: path.display().to_string(), why })?,
        };
        let links = network.links()?.into_iter().filter(|link| link.arp);
        let macs: BTreeSet<String> = links.map(|link| hardware(&link.mac)).collect();
        let namespace = namespace::cookie();
        let is_foreign = !self.file.of_first_namespace() && state.of_another(namespace, &macs);
        let state = if is_foreign { State::new(boot) } else { state };
        Ok(State { namespace, macs, ..state })
    }

    /// Writes the state: to a folder that survives a boot if a part of the state must. Removes the
    /// file if the state is empty.
    pub fn write(&self, state: &State) -> Result<(), Error> {
        if state.entries.is_empty() && state.specs.is_empty() {
            return self.file.clear();
        }
        let text = state.text().map_err(|why| Error::System {
            action: "write the state file".to_owned(),
            source: std::io::Error::other(why),
        })?;
        self.file.write(&text, state.lasting())
    }
}

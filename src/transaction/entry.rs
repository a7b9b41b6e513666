//! A stage as JSON, for the journal and the history.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::stages::{Sides, Stage};
use crate::diff::Delta;
use crate::error::{Error, Rejection};
use crate::json;
use crate::model::{DaemonRole, Table};

#[derive(Serialize, Deserialize)]
pub(super) struct Entry {
    /// Roles of the sync daemons that the stage touches.
    roles: Vec<String>,
    before: Box<RawValue>,
    /// `None` if the stage replaced all services.
    after: Option<Box<RawValue>>,
}

impl Entry {
    pub(super) fn of((before, after): Sides<'_>) -> Result<Self, Error> {
        let roles = after.unwrap_or(before).daemons.keys();
        Ok(Self {
            roles: roles.map(|role| role.as_str().to_owned()).collect(),
            before: raw(before)?,
            after: after.map(raw).transpose()?,
        })
    }

    pub(super) fn stage(&self) -> Result<Stage, Rejection> {
        let table = |raw: &RawValue| -> Result<Table, Rejection> {
            let mut table = json::read(raw.get())?;
            let touched = |role: DaemonRole| self.roles.iter().any(|it| it == role.as_str());
            table.daemons.retain(|role, _| touched(*role));
            Ok(table)
        };
        let before = table(&self.before)?;
        Ok(match &self.after {
            Some(after) => Stage::Touched(Delta { before, after: table(after)? }),
            None => Stage::Replaced(before),
        })
    }
}

fn raw(table: &Table) -> Result<Box<RawValue>, Error> {
    let mut text = Vec::new();
    json::write(table, &mut text)?;
    let text = String::from_utf8_lossy(&text).trim_end().to_owned();
    Ok(RawValue::from_string(text).map_err(std::io::Error::from)?)
}

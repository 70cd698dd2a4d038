//! The tables that wait, in the order of their connections.
//!
//! In: what becomes known of connections, interleaved. Out: one table after the other. In memory stays what heads the tables of connections that are not
//! over; of the others it is in the spool, with their rows, and in memory stays where.

use super::connection;
use super::heading::{SessionHeading, write_finding};
use super::line::{BOLD, Line};
use super::spool::{Extent, Rows, Spool};
use crate::model::{ConnectionRecord, Finding, FrameRecord};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io;

pub(super) struct Waiting {
    pub(super) spool: Spool,
    /// By connection: of those that are not over, and of those of which something came late.
    tables: BTreeMap<u32, Table>,
    /// Where the others lie.
    put_away: BTreeMap<u32, Extent>,
}

/// What is known of a connection whose table waits.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Table {
    pub(super) rows: Rows,
    /// The lines of its heading, as far as they are final.
    pub(super) heading: Vec<u8>,
    #[serde(skip)]
    pub(super) sessions: Vec<SessionHeading>,
    #[serde(skip)]
    pub(super) findings: Vec<Finding>,
    /// Whether its connection is over.
    is_over: bool,
}

impl Waiting {
    pub(super) fn new() -> Waiting {
        Waiting {
            spool: Spool::new(),
            tables: BTreeMap::new(),
            put_away: BTreeMap::new(),
        }
    }

    /// The table of a connection, if it waits.
    pub(super) fn get(&mut self, connection: u32) -> io::Result<Option<&mut Table>> {
        if let Some(extent) = self.put_away.remove(&connection) {
            let table = self.spool.get(extent)?;
            self.tables.insert(connection, table);
        }
        Ok(self.tables.get_mut(&connection))
    }

    /// The same, or an empty one.
    pub(super) fn table(&mut self, connection: u32) -> io::Result<&mut Table> {
        self.get(connection)?;
        Ok(self.tables.entry(connection).or_default())
    }

    /// Adds a row to its connection's table.
    pub(super) fn push(&mut self, row: &FrameRecord) -> io::Result<()> {
        self.get(row.connection)?;
        let table = self.tables.entry(row.connection).or_default();
        if self.spool.push(&mut table.rows, row)? {
            let late = |(connection, table): (&u32, &Table)| table.is_over.then_some(*connection);
            let late: Vec<u32> = self.tables.iter().filter_map(late).collect();
            for connection in late {
                self.put_away(connection)?;
            }
            for table in self.tables.values_mut() {
                self.spool.flush(&mut table.rows)?;
            }
        }
        Ok(())
    }

    /// Puts the table of a connection that is over into the spool.
    pub(super) fn put_away(&mut self, connection: u32) -> io::Result<()> {
        if let Some(table) = self.tables.get_mut(&connection)
            && table.is_over
            && table.findings.is_empty()
        {
            self.spool.flush(&mut table.rows)?;
            let extent = self.spool.put(table)?;
            self.tables.remove(&connection);
            self.put_away.insert(connection, extent);
        }
        Ok(())
    }

    /// Takes out the first table; where some connections are not `settled` only if its connection is over and below these.
    pub(super) fn first(&mut self, settled: Option<u32>) -> io::Result<Option<(u32, Table)>> {
        let here = self
            .tables
            .iter()
            .map(|(connection, table)| (*connection, table.is_over));
        let away = self.put_away.keys().map(|connection| (*connection, true));
        let first = here.take(1).chain(away.take(1)).min();
        let Some((connection, is_over)) = first else {
            return Ok(None);
        };
        if settled.is_some_and(|settled| !is_over || connection >= settled) {
            return Ok(None);
        }
        self.get(connection)?;
        Ok(self.tables.remove_entry(&connection))
    }
}

impl Table {
    /// Writes what is known of its heading. `over`: its connection, once that is over.
    pub(super) fn write_heading(
        &mut self,
        number: u32,
        over: Option<&ConnectionRecord>,
        width: usize,
        line: &mut Line,
    ) -> io::Result<()> {
        let out = &mut self.heading;
        let is_first = out.is_empty();
        let place = match over {
            Some(over) => connection::place(over),
            // Its rows came after it was over, and after its table was printed.
            None => format!("connection {number}, continued"),
        };
        for (nth, session) in self.sessions.drain(..).enumerate() {
            let place = (nth == 0 && is_first).then_some(place.as_str());
            session.write(place, width, line, out)?;
        }
        if out.is_empty() {
            match over {
                Some(over) => connection::write_connection(over, width, line, out)?,
                None => {
                    line.put(BOLD, &format!("Connection {number}, continued"));
                    line.end(out)?;
                }
            }
        }
        if let Some(over) = over {
            connection::write_conflicts(over, width, line, out)?;
            for stream in &over.other_streams {
                connection::write_other_stream(stream, width, line, out)?;
            }
            self.is_over = true;
        }
        for finding in self.findings.drain(..) {
            write_finding(&finding, width, line, out)?;
        }
        Ok(())
    }
}

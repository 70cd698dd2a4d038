//! The tables that wait, in the order of their connections.
//!
//! In: what becomes known of connections, interleaved. Out: one table after the other. Rows are in the spool; so is what heads the tables of connections that are
//! over, or say nothing for a while, and in memory stays where.

use super::connection;
use super::heading::SessionHeading;
use super::line::{BOLD, Line};
use super::spool::{Extent, Rows, Spool};
use crate::model::{ConnectionRecord, FrameRecord};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io;

pub(super) struct Waiting {
    pub(super) spool: Spool,
    /// By connection: those of which something came of late.
    tables: BTreeMap<u32, Table>,
    /// The others.
    put_away: BTreeMap<u32, Away>,
}

/// Where in the spool a table lies.
#[derive(Clone, Copy, Debug)]
struct Away {
    extent: Extent,
    /// Whether its connection is over.
    is_over: bool,
}

/// What is known of a connection whose table waits.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Table {
    pub(super) rows: Rows,
    /// The lines of its heading, as far as they are final.
    pub(super) heading: Vec<u8>,
    pub(super) sessions: Vec<SessionHeading>,
    /// The lines of its findings.
    pub(super) findings: Vec<u8>,
    /// Whether its connection is over.
    is_over: bool,
    /// Whether nothing came since all buffers were moved to the file.
    is_idle: bool,
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
        if let Some(Away { extent, .. }) = self.put_away.remove(&connection) {
            let table = self.spool.get(extent)?;
            self.tables.insert(connection, table);
        }
        let mut table = self.tables.get_mut(&connection);
        if let Some(table) = &mut table {
            table.is_idle = false;
        }
        Ok(table)
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
        match self.spool.push(&mut table.rows, row)? {
            true => self.make_room(),
            false => Ok(()),
        }
    }

    /// Moves all buffers to the file, and with them the tables of which nothing came since the last time.
    fn make_room(&mut self) -> io::Result<()> {
        let idle = self.tables.extract_if(.., |_, table| table.is_idle);
        for (connection, table) in idle.collect::<Vec<_>>() {
            self.move_away(connection, table)?;
        }
        for table in self.tables.values_mut() {
            self.spool.flush(&mut table.rows)?;
            table.is_idle = true;
        }
        Ok(())
    }

    /// Moves the table of a connection that is over to the file, if it still waits.
    pub(super) fn put_away(&mut self, connection: u32) -> io::Result<()> {
        match self.tables.remove(&connection) {
            Some(table) => self.move_away(connection, table),
            None => Ok(()),
        }
    }

    fn move_away(&mut self, connection: u32, mut table: Table) -> io::Result<()> {
        self.spool.flush(&mut table.rows)?;
        let away = Away {
            extent: self.spool.put(&table)?,
            is_over: table.is_over,
        };
        self.put_away.insert(connection, away);
        Ok(())
    }

    /// Takes out the first table; where some connections are not `settled` only if its connection is over and below these.
    pub(super) fn first(&mut self, settled: Option<u32>) -> io::Result<Option<(u32, Table)>> {
        let here = self
            .tables
            .iter()
            .map(|(connection, table)| (*connection, table.is_over));
        let away = self
            .put_away
            .iter()
            .map(|(connection, away)| (*connection, away.is_over));
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
        out.append(&mut self.findings);
        Ok(())
    }
}

//! `ssetrace interfaces`: a line for each interface.

use crate::capture::live::{Device, devices};
use std::io::{self, Write};

/// Lists the interfaces.
pub(super) fn interfaces() -> anyhow::Result<()> {
    let devices = devices()?;
    let rows = devices.iter().map(|device| {
        let addresses: Vec<String> = device.addresses.iter().map(ToString::to_string).collect();
        [
            device.name.clone(),
            Device::state(device).to_owned(),
            addresses.join(", "),
            device.good_for().to_owned(),
        ]
    });
    let heads = ["Name", "State", "Addresses", "Good for"].map(str::to_owned);
    let mut table = comfy_table::Table::new();
    table
        .load_style(comfy_table::presets::NOTHING)
        .force_no_tty()
        .set_header(heads)
        .add_rows(rows);
    let mut out = io::stdout().lock();
    for line in table.lines() {
        match writeln!(out, "{}", line.trim_end()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
            done => done?,
        }
    }
    Ok(())
}

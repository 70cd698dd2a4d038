//! The analysis of a connection that is closed and not over yet: all of it, in few bytes.

use super::{Analysis, Flow, Probe, Scale};
use crate::model::{Pack, Timestamp};

impl Analysis {
    /// Its part in what waits in few bytes.
    pub(in crate::tcp) fn pack(&mut self, pack: &mut Pack<'_>) {
        self.flows.iter_mut().for_each(|flow| flow.pack(pack));
        let mut syn_time = (self.syn_time != Timestamp(0)).then_some(self.syn_time);
        pack.option(&mut syn_time, Pack::time);
        self.syn_time = syn_time.unwrap_or_default();
        pack.signed(&mut self.initial_rtt);
    }
}

impl Flow {
    /// Its part in what waits in few bytes.
    fn pack(&mut self, pack: &mut Pack<'_>) {
        pack.option(&mut self.base, |pack, base| base.pack(pack));
        self.next.pack(pack);
        self.ackable.pack(pack);
        self.last_ack.pack(pack);
        pack.option(&mut self.acked, |pack, acked| acked.pack(pack));
        pack.option(&mut self.window, Pack::small);
        pack.option(&mut self.shown, Pack::small);
        self.scale.pack(pack);
        pack.flag(&mut self.window_of_syn);
        let probes = [None, Some(Probe::KeepAlive), Some(Probe::ZeroWindow)];
        pack.choice(&mut self.probe, &probes);
        pack.small(&mut self.duplicates);
        pack.number(&mut self.duplicates_of.0);
        pack.time(&mut self.next_time);
        pack.time(&mut self.last_time);
    }
}

impl Scale {
    /// Its part in what waits in few bytes.
    fn pack(&mut self, pack: &mut Pack<'_>) {
        const UNKNOWN: u16 = 1 << 8;
        const UNUSED: u16 = UNKNOWN + 1;
        let mut number = match self {
            Scale::Unknown => UNKNOWN,
            Scale::Unused => UNUSED,
            Scale::Shift(shift) => u16::from(*shift),
        };
        pack.small(&mut number);
        *self = match u8::try_from(number) {
            Ok(shift) => Scale::Shift(shift),
            Err(_) if number == UNUSED => Scale::Unused,
            Err(_) => Scale::Unknown,
        };
    }
}

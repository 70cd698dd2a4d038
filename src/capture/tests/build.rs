//! A small builder of capture files.

use super::super::Order;

/// A file in the making, in one byte order at a time.
pub(super) struct File {
    order: Order,
    pub(super) bytes: Vec<u8>,
}

impl File {
    pub(super) fn new(order: Order) -> File {
        File {
            order,
            bytes: Vec::new(),
        }
    }

    pub(super) fn u16(mut self, number: u16) -> File {
        self.bytes.extend(match self.order {
            Order::Little => number.to_le_bytes(),
            Order::Big => number.to_be_bytes(),
        });
        self
    }

    pub(super) fn u32(mut self, number: u32) -> File {
        self.bytes.extend(match self.order {
            Order::Little => number.to_le_bytes(),
            Order::Big => number.to_be_bytes(),
        });
        self
    }

    pub(super) fn raw(mut self, bytes: &[u8]) -> File {
        self.bytes.extend(bytes);
        self
    }

    /// Zeros up to the next multiple of 4 bytes.
    pub(super) fn pad(mut self) -> File {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
        self
    }

    /// A pcap file header of version 2.`minor`.
    pub(super) fn pcap(self, magic: u32, minor: u16, network: u32) -> File {
        self.u32(magic)
            .u16(2)
            .u16(minor)
            .u32(0)
            .u32(0)
            .u32(65_535)
            .u32(network)
    }

    /// A pcap record.
    pub(super) fn record(self, seconds: u32, fraction: u32, frame: &[u8], wire: u32) -> File {
        self.u32(seconds)
            .u32(fraction)
            .u32(frame.len() as u32)
            .u32(wire)
            .raw(frame)
    }

    /// A pcapng block around `body`, which must be padded.
    pub(super) fn block(self, kind: u32, body: impl FnOnce(File) -> File) -> File {
        let inside = body(File::new(self.order)).pad().bytes;
        let length = inside.len() as u32 + 12;
        self.u32(kind).u32(length).raw(&inside).u32(length)
    }

    /// A section header in the file's byte order.
    pub(super) fn section(self) -> File {
        self.block(0x0a0d_0d0a, |body| {
            body.u32(0x1a2b_3c4d).u16(1).u16(0).raw(&[0xff; 8])
        })
    }

    /// From here on in the other byte order.
    pub(super) fn turn(mut self) -> File {
        self.order = match self.order {
            Order::Little => Order::Big,
            Order::Big => Order::Little,
        };
        self
    }

    /// An interface description.
    pub(super) fn interface(
        self,
        link: u16,
        snaplen: u32,
        options: impl FnOnce(File) -> File,
    ) -> File {
        self.block(1, |body| options(body.u16(link).u16(0).u32(snaplen)))
    }

    /// An option of a block.
    pub(super) fn option(self, code: u16, value: &[u8]) -> File {
        self.u16(code).u16(value.len() as u16).raw(value).pad()
    }

    /// An Enhanced Packet Block.
    pub(super) fn enhanced(self, interface: u32, ticks: u64, frame: &[u8], wire: u32) -> File {
        self.block(6, |body| {
            body.u32(interface)
                .u32((ticks >> 32) as u32)
                .u32(ticks as u32)
                .u32(frame.len() as u32)
                .u32(wire)
                .raw(frame)
        })
    }

    /// A Simple Packet Block.
    pub(super) fn simple(self, frame: &[u8], wire: u32) -> File {
        self.block(3, |body| body.u32(wire).raw(frame))
    }
}

/// A pcap file of microseconds with `frames` Ethernet frames of 60 bytes and more, a second apart.
pub(super) fn pcap(frames: u32) -> Vec<u8> {
    let mut file = File::new(Order::Little).pcap(0xa1b2_c3d4, 4, 1);
    for number in 0..frames {
        let frame = vec![number as u8; 60 + number as usize % 40];
        file = file.record(number, 5, &frame, frame.len() as u32);
    }
    file.bytes
}

/// A pcapng file like [`pcap`]'s.
pub(super) fn pcapng(frames: u32) -> Vec<u8> {
    let mut file = File::new(Order::Little)
        .section()
        .interface(1, 0, |options| options);
    for number in 0..frames {
        let frame = vec![number as u8; 60 + number as usize % 40];
        let ticks = u64::from(number) * 1_000_000 + 5;
        file = file.enhanced(0, ticks, &frame, frame.len() as u32);
    }
    file.bytes
}

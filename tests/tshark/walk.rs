//! Random conversations: two hosts that hardly ever do what TCP says, from a seed.
//!
//! A seed and a number of conversations come in, a pcap file goes out. Handshakes are whole, partial, missing or from both sides; numbers
//! begin near the wrap; segments come again, too early, over each other, far away; windows close, fill and are probed; ports are used
//! again, resets do not end anything, clocks go back, and some pauses are longer than a closed connection is remembered for.

use super::common;
use ssetrace::model::{Flags, Timestamp};

/// The pcap file of so many conversations, a third of them under way at once.
pub(crate) fn capture(seed: u64, conversations: u32) -> Vec<u8> {
    let mut dice = Dice(seed);
    let mut frames: Vec<(i64, Vec<u8>)> = Vec::new();
    for number in 0..conversations {
        let mut talk = Talk::new(&mut dice, number);
        talk.open();
        for _ in 0..talk.dice.pick(&[5, 15, 40]) {
            talk.step();
        }
        frames.append(&mut talk.frames);
    }
    let third = frames.len() / 3;
    frames[..third].sort_by_key(|(time, _)| *time);
    let begins = 1_700_000_000_000_000;
    let at = |time| Timestamp((begins + time) * 1_000);
    let frames: Vec<_> = frames
        .into_iter()
        .map(|(time, packet)| (at(time), packet))
        .collect();
    common::pcap(&frames)
}

/// SplitMix64: the same numbers everywhere.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u32) -> u32 {
        (self.next() % u64::from(bound)) as u32
    }

    /// Whether something happens that does so in so many of a hundred cases.
    fn percent(&mut self, chance: u32) -> bool {
        self.below(100) < chance
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u32) as usize]
    }
}

/// One conversation in the making. Side 0 is the client.
struct Talk<'a> {
    dice: &'a mut Dice,
    frames: Vec<(i64, Vec<u8>)>,
    /// Microseconds.
    time: i64,
    address: [u8; 4],
    ports: [u16; 2],
    base: [u32; 2],
    /// Behind the highest number sent.
    next: [u32; 2],
    last_ack: [u32; 2],
    window: [u16; 2],
    scale: [Option<u8>; 2],
}

const SYN_ACK: Flags = Flags(Flags::SYN.0 | Flags::ACK.0);
const FIN_ACK: Flags = Flags(Flags::FIN.0 | Flags::ACK.0);
const RST_ACK: Flags = Flags(Flags::RST.0 | Flags::ACK.0);

impl Talk<'_> {
    fn new(dice: &mut Dice, number: u32) -> Talk<'_> {
        let base = [0, 1].map(|_| {
            let (anything, little) = (dice.next() as u32, dice.below(3_000));
            dice.pick(&[anything, 0_u32.wrapping_sub(little), little, 0, 1])
        });
        let [_, _, high, low] = number.to_be_bytes();
        Talk {
            frames: Vec::new(),
            time: i64::from(dice.below(2_000_000)),
            address: [10, 0, high, low],
            ports: [
                20_000 + dice.below(20_000) as u16,
                dice.pick(&[80, 443, 3_000, 50_000]),
            ],
            base,
            next: base,
            last_ack: [0; 2],
            window: [0, 1].map(|_| dice.pick(&[500, 65_535, 1_000, 0, 300])),
            scale: [0, 1].map(|_| {
                dice.pick(&[
                    None,
                    Some(0),
                    Some(2),
                    Some(2),
                    Some(7),
                    Some(14),
                    Some(200),
                ])
            }),
            dice,
        }
    }

    /// A handshake, or what there is of one.
    fn open(&mut self) {
        if self.dice.percent(25) {
            return;
        }
        // TCP Fast Open: some SYNs carry data.
        let early = self.dice.pick(&[0, 0, 0, 0, 5, 100]);
        self.syn(0, Flags::SYN, 0, early);
        if self.dice.percent(10) {
            self.syn(0, Flags::SYN, 0, early);
        }
        if self.dice.percent(10) {
            self.syn(1, Flags::SYN, 0, 0);
        }
        if self.dice.percent(90) {
            let acknowledged = self.dice.pick(&[1, 1, 1, 1 + early]);
            self.syn(1, SYN_ACK, self.base[0].wrapping_add(acknowledged), 0);
        }
        if self.dice.percent(90) {
            self.send(0, self.next[0], self.next[1], Flags::ACK, 0, &[]);
        }
    }

    fn syn(&mut self, side: usize, flags: Flags, ack: u32, length: u32) {
        let options = self.offers(side);
        self.send(side, self.base[side], ack, flags, length, &options);
    }

    fn offers(&mut self, side: usize) -> Vec<u8> {
        let mut options = vec![2, 4, 5, 0xb4];
        if let Some(shift) = self.scale[side] {
            options.extend([3, 3, shift]);
        }
        if self.dice.percent(50) {
            options.extend([4, 2]);
        }
        options
    }

    /// One segment of either side, or a few.
    fn step(&mut self) {
        let side = self.dice.below(2) as usize;
        let peer = 1 - side;
        match self.dice.below(100) {
            0..2 => return self.lose(side),
            2..4 => return self.stall(side),
            _ => {}
        }
        let mut flags = match self.dice.below(100) {
            0..4 => Flags::SYN,
            4..7 => SYN_ACK,
            7..12 => FIN_ACK,
            12..14 => Flags::RST,
            14..16 => RST_ACK,
            16 => Flags(0),
            17 => Flags::FIN,
            18 => Flags(Flags::SYN.0 | FIN_ACK.0),
            _ => Flags::ACK,
        };
        for (flag, chance) in [
            (Flags::PSH, 20),
            (Flags::URG, 2),
            (Flags::ECE, 2),
            (Flags::CWR, 1),
        ] {
            if self.dice.percent(chance) {
                flags = flags | flag;
            }
        }
        let some = self.dice.below(400) as i32;
        let off = match self.dice.below(100) {
            0..60 => 0,
            60..98 => self.dice.pick(&[-1, -1, -1, 1, -2, -100, 100, some, -some]),
            _ => self
                .dice
                .pick(&[i32::MAX, i32::MIN, 70_000, -70_000, 1 << 30]),
        };
        let mut sequence = self.next[side].wrapping_add_signed(off);
        if flags.has(Flags::SYN) && self.dice.percent(80) {
            sequence = self.base[side];
        }
        let mut length =
            self.dice
                .pick(&[0, 0, 0, 0, 1, 1, 2, 100, 100, 100, some.cast_unsigned()]);
        let around = self.dice.pick(&[-1, 1, -100, 100, -200, some, -some]);
        let anything = self.dice.next() as u32;
        let ack = match self.dice.below(100) {
            0..40 => self.next[peer],
            40..70 => self.last_ack[side],
            70..97 => self.next[peer].wrapping_add_signed(around),
            97..99 => 0,
            _ => anything,
        };
        if self.dice.percent(20) {
            self.window[side] = self.dice.pick(&[0, 0, 0, 500, 100, 200, 65_535, 300, 1]);
        }
        if self.dice.percent(5) {
            // To the edge of the peer's window, where that is near.
            let shift = self.dice.pick(&[0, self.scale[peer].unwrap_or(0).min(14)]);
            let edge = self.last_ack[peer].wrapping_add(u32::from(self.window[peer]) << shift);
            let room = edge.wrapping_sub(sequence);
            if (1..1_400).contains(&room) {
                length = room;
            }
        }
        let options = self.options(side, flags);
        self.send(side, sequence, ack, flags, length, &options);
        if self.dice.percent(6) {
            let again = self.frames.last().unwrap().1.clone();
            self.frames.push((self.time, again));
            self.wait();
        }
        if self.dice.percent(2) {
            // A new connection on the same ports may follow.
            self.base = [self.dice.next() as u32, self.dice.next() as u32];
            self.next = self.base;
        }
    }

    /// A loss: the peer asks for the missing bytes until they are sent again.
    fn lose(&mut self, side: usize) {
        let peer = 1 - side;
        let missing = self.next[side];
        self.send(
            side,
            missing.wrapping_add(100),
            self.next[peer],
            Flags::ACK,
            100,
            &[],
        );
        for _ in 0..4 {
            self.send(peer, self.next[peer], missing, Flags::ACK, 0, &[]);
        }
        self.send(side, missing, self.next[peer], Flags::ACK, 100, &[]);
    }

    /// The peer has no room: it is asked, says so, and takes or does not take the byte that it was asked with.
    fn stall(&mut self, side: usize) {
        let peer = 1 - side;
        let next = self.next[side];
        self.window[peer] = 0;
        self.send(peer, self.next[peer], next, Flags::ACK, 0, &[]);
        for _ in 0..2 {
            self.send(side, next, self.next[peer], Flags::ACK, 1, &[]);
            let taken = self.dice.pick(&[0, 0, 1]);
            self.send(
                peer,
                self.next[peer],
                next.wrapping_add(taken),
                Flags::ACK,
                0,
                &[],
            );
        }
        self.window[peer] = self.dice.pick(&[0, 500]);
        self.send(peer, self.next[peer], next, Flags::ACK, 0, &[]);
        self.next[side] = next.wrapping_add(self.dice.pick(&[0, 1]));
    }

    fn options(&mut self, side: usize, flags: Flags) -> Vec<u8> {
        if flags.has(Flags::SYN) && self.dice.percent(80) {
            return self.offers(side);
        }
        let mut options = Vec::new();
        match self.dice.below(100) {
            0..10 => {
                let blocks = self.dice.pick(&[1, 1, 2, 3]);
                options.extend([5, 2 + 8 * blocks as u8]);
                for _ in 0..blocks {
                    options.extend(self.next[1 - side].wrapping_add(100).to_be_bytes());
                    options.extend(self.next[1 - side].wrapping_add(200).to_be_bytes());
                }
            }
            10..30 => {
                options.extend([8, 10]);
                options.extend(self.dice.next().to_be_bytes());
            }
            // Options that are cut, absurd, unknown, or only make sense in a SYN.
            30 => options.extend(self.dice.pick(&[
                &[3_u8, 3][..],
                &[8, 10],
                &[8, 2],
                &[0, 255],
                &[0x99, 0],
            ])),
            31 => options.extend([0xfd, 6, 1, 2, 3, 4]),
            32 => options.extend([3, 3, self.dice.pick(&[0, 3, 14])]),
            _ => {}
        }
        options
    }

    /// Adds a segment and lets time pass.
    fn send(
        &mut self,
        side: usize,
        sequence: u32,
        ack: u32,
        flags: Flags,
        length: u32,
        options: &[u8],
    ) {
        let peer = 1 - side;
        let mut options = options.to_vec();
        options.resize(options.len().next_multiple_of(4), 1);
        let header = 20 + options.len() as u32;
        let addresses = [self.address, [10, 9, 0, 1]];
        let mut packet = vec![0x45, 0];
        packet.extend(((20 + header + length) as u16).to_be_bytes());
        packet.extend([0, 0, 0x40, 0, 64, 6, 0, 0]);
        packet.extend(addresses[side]);
        packet.extend(addresses[peer]);
        packet.extend(self.ports[side].to_be_bytes());
        packet.extend(self.ports[peer].to_be_bytes());
        packet.extend(sequence.to_be_bytes());
        packet.extend(ack.to_be_bytes());
        packet.extend([(header << 2) as u8, flags.0]);
        packet.extend(self.window[side].to_be_bytes());
        packet.extend([0; 4]);
        packet.extend(options);
        packet.extend((0..length).map(|_| b'a' + self.dice.below(4) as u8));
        self.frames.push((self.time, packet));
        let numbered = u32::from(flags.has(Flags::SYN)) + u32::from(flags.has(Flags::FIN));
        let behind = sequence.wrapping_add(length + numbered);
        if behind.wrapping_sub(self.next[side]) < 1 << 31 {
            self.next[side] = behind;
        }
        self.last_ack[side] = ack;
        self.wait();
    }

    /// Times at which a rule changes its mind: 3 ms, 20 ms, the initial RTT.
    fn wait(&mut self) {
        const PAUSES: [i64; 14] = [
            0, 0, 1, 10, 100, 500, 2_999, 3_000, 3_001, 5_000, 19_999, 20_000, 210_000, 1_000_000,
        ];
        let anything = i64::from(self.dice.below(50_000));
        self.time += match self.dice.below(200) {
            0 => 130_000_000,
            1..3 => -anything,
            3..20 => anything,
            _ => self.dice.pick(&PAUSES),
        };
    }
}

//! How far the cores are from each other, which tells whether they share a cache.

use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// So many round trips are timed together, so many times; the shortest counts, since the two threads may begin on one core.
const TOGETHER: u32 = 100;
const TIMES: u32 = 100;

/// On one core they take turns of milliseconds.
const PATIENCE: Duration = Duration::from_millis(50);

const OVER: u32 = u32::MAX;

/// Nanoseconds that a word takes from one thread to another and back, both of which do nothing but wait for it.
pub(crate) fn round_trip() -> f64 {
    let ball = AtomicU32::new(0);
    thread::scope(|scope| {
        scope.spawn(|| {
            loop {
                match ball.load(Ordering::Acquire) {
                    OVER => return,
                    thrown if thrown % 2 == 1 => ball.store(thrown + 1, Ordering::Release),
                    _ => std::hint::spin_loop(),
                }
            }
        });
        let begin = Instant::now();
        let mut shortest = Duration::MAX;
        let mut thrown = 1;
        for _ in 0..TIMES {
            let first = Instant::now();
            for _ in 0..TOGETHER {
                ball.store(thrown, Ordering::Release);
                while ball.load(Ordering::Acquire) == thrown {
                    std::hint::spin_loop();
                }
                thrown += 2;
            }
            shortest = shortest.min(first.elapsed());
            if begin.elapsed() > PATIENCE {
                break;
            }
        }
        ball.store(OVER, Ordering::Release);
        shortest.as_secs_f64() * 1e9 / f64::from(TOGETHER)
    })
}

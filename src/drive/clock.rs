//! The one clock of a run: nanoseconds of the monotonic clock, and sleeping until one of them.

use std::num::NonZeroU64;

use rustix::thread::{ClockId, clock_nanosleep_absolute};
use rustix::time::{Timespec, clock_gettime};

/// Tells the time and waits for it: the seam at which tests put a virtual clock.
pub trait Clock: Send + Sync {
    /// Nanoseconds since an arbitrary start; never goes back.
    fn now_ns(&self) -> u64;

    /// Returns at `deadline_ns` or as soon after it as the system allows; at once if it is past.
    fn sleep_until_ns(&self, deadline_ns: u64);
}

/// `CLOCK_MONOTONIC` and `clock_nanosleep`, which tick in nanoseconds; tokio's timers tick in
/// milliseconds.
#[derive(Debug, Clone, Copy, Default)]
pub struct MonotonicClock;

impl Clock for MonotonicClock {
    fn now_ns(&self) -> u64 {
        let now = clock_gettime(rustix::time::ClockId::Monotonic);
        now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
    }

    fn sleep_until_ns(&self, deadline_ns: u64) {
        let request = Timespec {
            tv_sec: (deadline_ns / 1_000_000_000).cast_signed(),
            tv_nsec: (deadline_ns % 1_000_000_000).cast_signed(),
        };
        while clock_nanosleep_absolute(ClockId::Monotonic, &request) == Err(rustix::io::Errno::INTR)
        {
        }
    }
}

/// What was done to make the calling thread run on time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Precision {
    /// The kernel's timer slack is 1 ns (default 50 us).
    pub slack_removed: bool,
    /// The thread's nice value is the one asked for; takes root or `CAP_SYS_NICE`.
    pub nice_raised: bool,
}

/// The dispatcher goes before everything.
pub const DISPATCHER_NICE: i32 = -20;
/// Callers go before the server beside them: one that is preempted while it holds a lock would hold
/// up the dispatcher, and its own late wake-up would be charged to the server.
pub const CALLER_NICE: i32 = -15;

/// Asks the kernel to run the calling thread on time, as far as the user's rights go.
pub fn sharpen_this_thread(nice: i32) -> Precision {
    Precision {
        slack_removed: rustix::thread::set_current_timer_slack(NonZeroU64::new(1)).is_ok(),
        nice_raised: rustix::process::setpriority_process(None, nice).is_ok(),
    }
}

#[cfg(test)]
pub(crate) mod virtual_clock {
    //! A clock that moves only when somebody sleeps, each time a little too long.

    use std::sync::atomic::{AtomicU64, Ordering};

    use super::Clock;

    /// Starts at 0; every sleep ends `oversleep_ns` late.
    #[derive(Debug, Default)]
    pub(crate) struct VirtualClock {
        pub(crate) now: AtomicU64,
        pub(crate) oversleep_ns: u64,
    }

    impl Clock for VirtualClock {
        fn now_ns(&self) -> u64 {
            self.now.load(Ordering::Relaxed)
        }

        fn sleep_until_ns(&self, deadline_ns: u64) {
            self.now
                .fetch_max(deadline_ns + self.oversleep_ns, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sleeps_past_its_deadline_and_returns_at_once_when_it_is_past() {
        let clock = MonotonicClock;
        let deadline = clock.now_ns() + 3_000_000;
        clock.sleep_until_ns(deadline);
        assert!(clock.now_ns() >= deadline);
        clock.sleep_until_ns(0);
    }
}

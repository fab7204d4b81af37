//! Opening a connection while the server's socket has no room for one more.
//!
//! A unix socket whose queue is full answers a connect that does not block with "resource
//! temporarily unavailable" at once, where a TCP port would let it wait. Clients that connect again
//! after timeouts fill that queue, and each refusal would count as a failed query.

use std::future::Future;
use std::io::ErrorKind;
use std::time::Duration;

/// Between two tries: shorter than a backend's start, so that no room stays free for long.
const PAUSE: Duration = Duration::from_millis(5);

/// Runs `open` until it ends in anything but a full queue, for `patience` at most.
pub(super) async fn while_full<T, F, R>(patience: Duration, mut open: F) -> sqlx::Result<T>
where
    F: FnMut() -> R,
    R: Future<Output = sqlx::Result<T>>,
{
    let mut waited = Duration::ZERO;
    loop {
        match open().await {
            Err(sqlx::Error::Io(error))
                if error.kind() == ErrorKind::WouldBlock && waited < patience =>
            {
                tokio::time::sleep(PAUSE).await;
                waited += PAUSE;
            }
            ended => return ended,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[tokio::test]
    async fn a_full_queue_is_waited_for_and_any_other_error_is_not() {
        let tries = Cell::new(0);
        let opened = while_full(PAUSE * 10, || {
            tries.set(tries.get() + 1);
            let full = tries.get() < 3;
            async move {
                if full {
                    Err(sqlx::Error::Io(ErrorKind::WouldBlock.into()))
                } else {
                    Ok(())
                }
            }
        });
        opened.await.unwrap();
        assert_eq!(tries.get(), 3);
        let refused =
            || async { Err::<(), _>(sqlx::Error::Io(ErrorKind::ConnectionRefused.into())) };
        assert!(while_full(PAUSE, refused).await.is_err());
        let full = || async { Err::<(), _>(sqlx::Error::Io(ErrorKind::WouldBlock.into())) };
        assert!(while_full(PAUSE * 3, full).await.is_err(), "patience ends");
    }
}

//! Ctrl-C and SIGTERM end a run in order: the target is removed and the archive is written.

use tokio::runtime::Handle;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// A token that is cancelled by the first SIGINT or SIGTERM. Later ones change nothing: what is
/// left to do is bounded in time.
pub fn cancelled_by_signals(runtime: &Handle) -> std::io::Result<CancellationToken> {
    let token = CancellationToken::new();
    let _inside = runtime.enter();
    for kind in [SignalKind::interrupt(), SignalKind::terminate()] {
        let (mut stream, token) = (signal(kind)?, token.clone());
        runtime.spawn(async move {
            if stream.recv().await.is_some() {
                token.cancel();
            }
        });
    }
    Ok(token)
}

//! A transaction that has done its work and is not committed yet, for what happens at once with something else.

use hirewire::store::{Conn, StoreError};
use tokio::task::JoinHandle;

use super::{TestApp, soon};

/// It ends when the test says so.
pub struct Uncommitted<T> {
    go_on: std::sync::mpsc::Sender<()>,
    written: JoinHandle<Result<T, StoreError>>,
}

impl<T: Send + 'static> Uncommitted<T> {
    /// Does this work, and waits.
    pub async fn of(
        app: &TestApp,
        work: impl FnOnce(&mut Conn) -> Result<T, StoreError> + Send + 'static,
    ) -> Uncommitted<T> {
        let (did, done) = tokio::sync::oneshot::channel();
        let (go_on, goes_on) = std::sync::mpsc::channel::<()>();
        let store = app.context.store.clone();
        let written = tokio::spawn(async move {
            store
                .write(move |conn| {
                    let made = work(conn)?;
                    let _ = did.send(());
                    goes_on.recv().expect("the test goes on");
                    Ok::<_, StoreError>(made)
                })
                .await
        });
        soon("the work of a transaction", done).await.expect("it was done");
        Self { go_on, written }
    }

    /// Commits it; what its work made.
    pub async fn commit(self) -> T {
        self.go_on.send(()).expect("it waits");
        soon("a commit", self.written).await.expect("no panic").expect("a commit")
    }
}

//! A Kafka of a test's own, to be stopped, killed and started; gone when the test is.

use std::path::PathBuf;
use std::process::Command;

pub(crate) struct OwnKafka {
    folder: tempfile::TempDir,
}

impl OwnKafka {
    pub(crate) async fn up() -> Self {
        Self::with(&[]).await
    }

    /// One that listens a second time, with TLS, SCRAM and ACLs.
    pub(crate) async fn guarded() -> Self {
        Self::with(&["--guarded"]).await
    }

    async fn with(options: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let kafka = Self { folder };
        let mut words = vec![PathBuf::from("up")];
        words.extend(options.iter().map(PathBuf::from));
        words.extend([kafka.services(), "kafka".into()]);
        script(words).await;
        kafka
    }

    /// Something that the broker keeps.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.services().join("kafka").join(name)
    }

    fn services(&self) -> PathBuf {
        self.folder.path().join("services")
    }

    pub(crate) async fn brokers(&self) -> String {
        self.variable("ROOMLOG_TEST_KAFKA").await
    }

    /// What the tests are told under this name.
    pub(crate) async fn variable(&self, name: &str) -> String {
        let variables = script(vec!["env".into(), self.services()]).await;
        let start = format!("export {name}=");
        let line = variables.lines().find_map(|line| line.strip_prefix(&start));
        line.expect("Kafka's address").to_owned()
    }

    /// Asks it to end, and waits until it has.
    pub(crate) async fn stop(&self) {
        self.order("stop").await;
    }

    /// kill -9.
    pub(crate) async fn kill(&self) {
        self.order("kill").await;
    }

    /// Starts it again and waits until it takes part.
    pub(crate) async fn start(&self) {
        self.order("start").await;
    }

    async fn order(&self, verb: &str) {
        script(vec![verb.into(), "kafka".into(), self.services()]).await;
    }
}

impl Drop for OwnKafka {
    fn drop(&mut self) {
        run(&["wipe".into(), self.services()]);
    }
}

async fn script(arguments: Vec<PathBuf>) -> String {
    let ran = tokio::task::spawn_blocking(move || run(&arguments)).await;
    ran.expect("no panic")
}

fn run(arguments: &[PathBuf]) -> String {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/services");
    let ran = Command::new(script)
        .args(arguments)
        .output()
        .expect("the script is there");
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{arguments:?}: {said}");
    String::from_utf8(ran.stdout).expect("UTF-8")
}

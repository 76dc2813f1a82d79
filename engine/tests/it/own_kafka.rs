//! A Kafka of a test's own, to be stopped, killed and started; gone when the test is.

use std::path::PathBuf;
use std::process::Command;

pub(crate) struct OwnKafka {
    folder: tempfile::TempDir,
}

impl OwnKafka {
    pub(crate) async fn up() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let kafka = Self { folder };
        let services = kafka.services();
        script(vec!["up".into(), services, "kafka".into()]).await;
        kafka
    }

    fn services(&self) -> PathBuf {
        self.folder.path().join("services")
    }

    pub(crate) async fn brokers(&self) -> String {
        let variables = script(vec!["env".into(), self.services()]).await;
        let line = variables
            .lines()
            .find_map(|line| line.strip_prefix("export ROOMLOG_TEST_KAFKA="));
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

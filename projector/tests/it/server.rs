//! A service of a test's own, to be killed and started; gone when the test is.

use std::path::PathBuf;
use std::process::Command;

/// One part of scripts/services, in a folder of its own.
pub(crate) struct Server {
    part: &'static str,
    folder: tempfile::TempDir,
}

impl Server {
    pub(crate) fn start(part: &'static str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let server = Self { part, folder };
        // Not captured: what is started would hold the pipe open.
        let up = Command::new(script())
            .arg("up")
            .arg(server.services())
            .arg(part)
            .status();
        assert!(up.unwrap().success());
        server
    }

    /// Ends it as `kill -9` does.
    pub(crate) fn kill(&self) {
        self.run(&["kill", self.part]);
    }

    /// Starts it again where it was, and waits until it answers.
    pub(crate) fn start_again(&self) {
        self.run(&["start", self.part]);
    }

    /// One of the variables by which tests find it.
    pub(crate) fn variable(&self, name: &str) -> String {
        let variables = self.run(&["env"]);
        let begin = format!("export {name}=");
        let mut lines = variables.lines();
        lines.find_map(|line| line.strip_prefix(&begin)).unwrap().to_owned()
    }

    fn services(&self) -> PathBuf {
        self.folder.path().join("services")
    }

    fn run(&self, verb: &[&str]) -> String {
        let run = Command::new(script()).args(verb).arg(self.services()).output().unwrap();
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
        String::from_utf8(run.stdout).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.run(&["wipe"]);
    }
}

fn script() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/services"))
}

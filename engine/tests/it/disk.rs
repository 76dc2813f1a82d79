//! A disk of a test's own, to fill and to freeze. The test runs once more as a child process in a mount namespace, where it
//! mounts what it likes, and whatever happens to it leaves nothing behind.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Set in the child: the folder to mount on.
pub(crate) const CHILD: &str = "ROOMLOG_TEST_DISK";

/// Runs `test` (module and name) in a child under `command`; it finds a folder of its own in the variable [`CHILD`].
pub(crate) fn in_child(test: &str, command: &[&str]) {
    let folder = tempfile::tempdir().expect("a folder");
    let output = Command::new(command[0])
        .args(&command[1..])
        .arg(std::env::current_exe().expect("this test"))
        .args([test, "--exact", "--nocapture"])
        .env(CHILD, folder.path())
        .output()
        .expect("a child");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

pub(crate) fn run(program: &str, arguments: &[&str]) {
    let status = Command::new(program).args(arguments).status().expect(program);
    assert!(status.success(), "{program} {arguments:?}");
}

/// A file system of the test's own, in memory.
pub(crate) struct Disk(PathBuf);

impl Disk {
    /// `None` where the test (module and name) went on in a child. Where nobody may make a namespace, it says so and sees
    /// nothing: a full disk is then seen by `log_sqlite::what_does_not_fit_is_refused_and_not_there` alone, forced.
    pub(crate) fn of_its_own(test: &str) -> Option<Self> {
        Self::of_megabytes(test, 4)
    }

    /// The same of another size.
    #[allow(clippy::print_stdout, reason = "what was not seen must be said")]
    pub(crate) fn of_megabytes(test: &str, size: usize) -> Option<Self> {
        const NAMESPACE: [&str; 2] = ["unshare", "-rm"];
        if let Some(folder) = std::env::var_os(CHILD) {
            let disk = Self(folder.into());
            let size = format!("size={size}m");
            run("mount", &["-t", "tmpfs", "-o", &size, "tmpfs", disk.at()]);
            return Some(disk);
        }
        let allowed = Command::new(NAMESPACE[0]).args([NAMESPACE[1], "true"]).status();
        if allowed.is_ok_and(|status| status.success()) {
            in_child(test, &NAMESPACE);
        } else {
            println!("{test}: not seen, for no mount namespace may be made here");
        }
        None
    }

    pub(crate) fn at(&self) -> &str {
        self.0.to_str().expect("text")
    }

    /// Takes all the room there is.
    pub(crate) fn fill(&self) {
        let mut ballast = std::fs::File::create(self.0.join("ballast")).expect("a file");
        while ballast.write_all(&[0; 4_096]).is_ok() {}
    }

    pub(crate) fn make_room(&self) {
        std::fs::remove_file(self.0.join("ballast")).expect("it was there");
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

/// What is at `path` may only be read from now on, by whoever opens it by that name: a mount over itself, which files that
/// are still open don't hinder.
pub(crate) fn freeze(path: &Path) {
    let path = path.to_str().expect("text");
    run("mount", &["--bind", path, path]);
    run("mount", &["-o", "remount,bind,ro", path]);
}

/// Takes back [`freeze`].
pub(crate) fn thaw(path: &Path) {
    run("umount", &["--lazy", path.to_str().expect("text")]);
}

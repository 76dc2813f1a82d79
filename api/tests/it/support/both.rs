//! One scenario over both ways to run: embedded, and a cluster with two edges on the real services.
//!
//! `both!` makes two tests of each scenario, in the modules `embedded` and `cluster`. A scenario asks [`Site::edge`], and
//! [`Site::other`] for what must come to pass on another edge: in embedded mode there is but one, and it is the same.
//! A cluster takes seconds to begin, so a scenario is a story, not a line.

use super::cluster::Cluster;
use super::server::{Ended, Server, run_to_end};
use engine::log::kafka;

/// Where a scenario plays.
pub(crate) struct Site {
    edges: Vec<Server>,
    cluster: Option<Cluster>,
}

impl Site {
    /// `roomlog serve` in a folder of its own.
    pub(crate) async fn embedded(settings: &[(&str, &str)]) -> Self {
        Self::embedded_from(&[], settings).await
    }

    /// The same with more words on the command line.
    pub(crate) async fn embedded_from(words: &[&str], settings: &[(&str, &str)]) -> Self {
        Self {
            edges: vec![Server::start(&[&["serve"], words].concat(), settings).await],
            cluster: None,
        }
    }

    /// `roomlog serve` and `roomlog edge` on a database, topics and keys of their own.
    pub(crate) async fn cluster(settings: &[(&str, &str)]) -> Self {
        Self::cluster_from(&[], settings).await
    }

    /// The same with more words on the command line.
    pub(crate) async fn cluster_from(words: &[&str], settings: &[(&str, &str)]) -> Self {
        let mut cluster = Cluster::new().await;
        // As in embedded mode, so that scenarios need not know.
        cluster = cluster.with("ROOMLOG_PEOPLE__GUESTS", "always");
        for &(name, value) in settings {
            cluster = cluster.with(name, value);
        }
        let start = async |part: &str| Server::start(&[&[part], words].concat(), &cluster.settings()).await;
        let edges = vec![start("serve").await, start("edge").await];
        Self {
            edges,
            cluster: Some(cluster),
        }
    }

    /// The edge that is asked.
    pub(crate) fn edge(&self) -> &Server {
        &self.edges[0]
    }

    /// Another edge of the same log; in embedded mode the same one.
    pub(crate) fn other(&self) -> &Server {
        self.edges.last().expect("there is one")
    }

    /// A setting of the cluster; `None` in embedded mode.
    pub(crate) fn setting(&self, name: &str) -> Option<&str> {
        self.cluster.as_ref().map(|cluster| cluster.setting(name))
    }

    /// The cluster's log, for those who write what no edge writes.
    pub(crate) async fn log(&self) -> kafka::Log {
        self.cluster.as_ref().expect("a cluster's alone").log().await
    }

    /// Stops the embedded process, runs a command of `roomlog` on what it left, and starts it again; beside a cluster it
    /// just runs.
    pub(crate) async fn run(&mut self, arguments: &[&str], environment: &[(&str, &str)]) -> Ended {
        match &self.cluster {
            Some(cluster) => {
                let mut settings = cluster.settings();
                settings.extend_from_slice(environment);
                run_to_end(arguments, &settings)
            }
            None => {
                let server = &mut self.edges[0];
                server.stop().await;
                let folder = server.data_dir().display().to_string();
                let mut settings = vec![("ROOMLOG_DATA_DIR", folder.as_str())];
                settings.extend_from_slice(environment);
                let ended = run_to_end(arguments, &settings);
                server.again().await;
                ended
            }
        }
    }
}

/// `both!(scenario, …)`, or `both!(with SETTINGS => scenario, …)`: each scenario is an `async fn(Site)` of the module, the
/// settings are pairs of the environment (`ROOMLOG_…`).
macro_rules! both {
    ($($scenario:ident),+ $(,)?) => {
        $crate::support::both::both!(with [] => $($scenario),+);
    };
    (with $settings:expr => $($scenario:ident),+ $(,)?) => {
        mod embedded {
            #[allow(unused_imports, reason = "the settings may be the module's own")]
            use super::*;
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $scenario() {
                    super::$scenario($crate::support::both::Site::embedded(&$settings).await).await;
                }
            )+
        }
        mod cluster {
            #[allow(unused_imports, reason = "the settings may be the module's own")]
            use super::*;
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $scenario() {
                    super::$scenario($crate::support::both::Site::cluster(&$settings).await).await;
                }
            )+
        }
    };
}
pub(crate) use both;

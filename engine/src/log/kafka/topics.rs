//! The topics: made where they are missing and that is wanted, checked at every start.

use super::config::{Config, Names};
use super::security::is_denied;
use super::{LOOK_AGAIN, is_settling, native, unavailable};
use crate::domain::Epoch;
use crate::log::import::half;
use crate::log::{Error, Topic};
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, ConfigResource, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::metadata::MetadataTopic;
use std::time::{Duration, Instant};

/// From how many replicas on a record must be on two of them before it is acked.
const REPLICAS_FOR_TWO_IN_SYNC: u16 = 3;

/// Whose times records get.
pub(super) const TIMES: &str = "message.timestamp.type";

/// Whose times a topic takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Times {
    /// The log's own: always, but while an import is under way.
    Log,
    /// Those that producers give.
    Producers,
}

impl Times {
    /// As Kafka names it.
    pub(super) const fn value(self) -> &'static str {
        match self {
            Self::Log => "LogAppendTime",
            Self::Producers => "CreateTime",
        }
    }
}

/// Whether Kafka says that a topic takes these times. Blocks.
pub(super) fn has_times(config: &Config, topic: &str, times: Times) -> Result<bool, Error> {
    let admin: Admin = config.query()?.create().map_err(super::misconfigured)?;
    let options = AdminOptions::new().request_timeout(Some(config.query_timeout()));
    let asked = [ResourceSpecifier::Topic(topic)];
    let found = tokio::runtime::Handle::current().block_on(admin.describe_configs(&asked, &options));
    let found = found.map_err(unavailable)?.into_iter().next();
    let found = found.ok_or_else(|| Error::Unavailable(format!("nothing is said of topic {topic}")))?;
    let found = found.map_err(|code| unavailable(KafkaError::AdminOp(code)))?;
    let value = found.get(TIMES).and_then(|entry| entry.value.as_deref());
    Ok(value == Some(times.value()))
}

type Admin = AdminClient<DefaultClientContext>;

/// Makes what is missing (if `create`), checks everything, and answers with the log's epoch. On a thread for blocking
/// work: metadata is fetched, and the admin client ended, by calls that block.
pub(super) async fn prepare(config: &Config, mut client: ClientConfig, create: bool) -> Result<Epoch, Error> {
    let config = config.clone();
    // Why a connection fails is in the library's log, whoever else wants to hear of it.
    client.set_log_level(RDKafkaLogLevel::Info);
    let prepared = tokio::task::spawn_blocking(move || {
        let admin: Admin = client.create().map_err(super::misconfigured)?;
        let names = Names::new(&config);
        let prepared = tokio::runtime::Handle::current().block_on(prepare_with(&config, &names, &admin, create));
        prepared.map_err(|error| config.security.explain(error, native::last_complaint(admin.inner())))
    });
    prepared.await.map_err(|error| Error::Unavailable(error.to_string()))?
}

async fn prepare_with(config: &Config, names: &Names, admin: &Admin, create: bool) -> Result<Epoch, Error> {
    if create {
        make(config, names, admin).await?;
    }
    for topic in Topic::ALL {
        wait_for(config, names.of(topic), admin, create).await?;
        if create {
            wait_for_leaders(config, names.of(topic), admin).await?;
        }
    }
    check_settings(config, names, admin).await?;
    let events = names.of(Topic::Events);
    match epoch(admin.inner(), events, config.query_timeout())? {
        Some(epoch) => Ok(epoch),
        // Its partitions have answered: another broker, or this one after a restart, may know of it later.
        None if create => Err(Error::Unavailable(format!(
            "topic {events} was made, and has no id yet"
        ))),
        None => Err(missing(events)),
    }
}

/// The epoch of the log, `None` when it has no topic of events. Blocks.
pub(super) fn epoch<C: rdkafka::client::ClientContext>(
    client: &rdkafka::client::Client<C>,
    events: &str,
    wait: Duration,
) -> Result<Option<Epoch>, Error> {
    let id = native::topic_id(client, events, wait).map_err(unavailable)?;
    Ok(id.map(Epoch::new))
}

async fn make(config: &Config, names: &Names, admin: &Admin) -> Result<(), Error> {
    let settings = Topic::ALL.map(|topic| wanted(config, topic));
    let topics: Vec<NewTopic<'_>> = Topic::ALL
        .iter()
        .zip(&settings)
        .map(|(topic, settings)| {
            let topic = NewTopic::new(
                names.of(*topic),
                config.partitions.into(),
                TopicReplication::Fixed(config.replication.into()),
            );
            settings
                .iter()
                .fold(topic, |topic, wanted| topic.set(wanted.name, &wanted.value))
        })
        .collect();
    let options = AdminOptions::new()
        .request_timeout(Some(config.query_timeout()))
        .operation_timeout(Some(config.query_timeout()));
    for result in admin.create_topics(&topics, &options).await.map_err(unavailable)? {
        match result {
            Ok(name) => tracing::info!(topic = name, "made a topic"),
            Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
            Err((name, code)) if is_denied(code) => {
                return Err(config.security.denied("Create", &format!("topic {name}")));
            }
            Err((name, code)) => {
                return Err(Error::Misconfigured(format!(
                    "topic {name} could not be made with {} partitions and {} replicas: {code}",
                    config.partitions, config.replication
                )));
            }
        }
    }
    Ok(())
}

/// Waits until a topic has its partitions and each a leader; a topic just made needs a moment.
async fn wait_for(config: &Config, name: &str, admin: &Admin, just_made: bool) -> Result<(), Error> {
    let deadline = Instant::now() + config.query_timeout();
    loop {
        let metadata = admin
            .inner()
            .fetch_metadata(Some(name), config.query_timeout())
            .map_err(unavailable)?;
        let topic = metadata.topics().first();
        match topic.map(|topic| shape(config, name, topic)) {
            Some(Ok(true)) => return Ok(()),
            Some(Err(error)) => return Err(error),
            Some(Ok(false)) | None if Instant::now() < deadline && (just_made || exists(topic)) => {
                tokio::time::sleep(LOOK_AGAIN).await;
            }
            _ if exists(topic) => {
                return Err(Error::Unavailable(format!("a partition of topic {name} has no leader")));
            }
            _ if just_made => {
                return Err(Error::Unavailable(format!(
                    "topic {name} was made, and is not there yet"
                )));
            }
            _ => return Err(missing(name)),
        }
    }
}

/// Waits until each partition's leader answers as one: the metadata may name a broker that has not taken it over yet.
async fn wait_for_leaders(config: &Config, name: &str, admin: &Admin) -> Result<(), Error> {
    let deadline = Instant::now() + config.query_timeout();
    for partition in 0..i32::from(config.partitions) {
        while let Err(error) = admin.inner().fetch_watermarks(name, partition, config.query_timeout()) {
            if !is_settling(&error) || Instant::now() >= deadline {
                return Err(unavailable(error));
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }
    Ok(())
}

fn exists(topic: Option<&MetadataTopic>) -> bool {
    topic.is_some_and(|topic| topic.error().is_none() && !topic.partitions().is_empty())
}

fn missing(name: &str) -> Error {
    Error::Misconfigured(format!(
        "topic {name} does not exist: run `roomlog migrate`, which makes it"
    ))
}

/// Whether the topic is whole; an error where its shape is not what this log needs.
fn shape(config: &Config, name: &str, topic: &MetadataTopic) -> Result<bool, Error> {
    if topic.error().is_some_and(|error| is_denied(error.into())) {
        return Err(config.security.denied("Describe", &format!("topic {name}")));
    }
    if !exists(Some(topic)) || topic.partitions().iter().any(|p| p.leader() < 0) {
        return Ok(false);
    }
    let found = topic.partitions().len();
    if found != usize::from(config.partitions) {
        return Err(Error::Misconfigured(format!(
            "topic {name} has {found} partitions, this log has {}: the count is fixed for a log's life; set \
             kafka.partitions to what the topic has, or give this log another kafka.prefix",
            config.partitions
        )));
    }
    let replicas = topic.partitions().iter().map(|p| p.replicas().len()).min().unwrap_or(0);
    if replicas < usize::from(config.replication) {
        return Err(Error::Misconfigured(format!(
            "topic {name} has {replicas} replicas, kafka.replication says {}: raise the topic's with \
             kafka-reassign-partitions, or lower kafka.replication",
            config.replication
        )));
    }
    Ok(true)
}

/// A setting a topic must have.
struct Wanted {
    name: &'static str,
    /// What it is made with.
    value: String,
    /// Whether what is found will do as well.
    fits: fn(found: &str, wanted: &str) -> bool,
    why: &'static str,
}

fn wanted(config: &Config, topic: Topic) -> Vec<Wanted> {
    let same = |name, value: &str, why| Wanted {
        name,
        value: value.into(),
        fits: |found, wanted| found == wanted,
        why,
    };
    let mut all = vec![
        same(TIMES, Times::Log.value(), "what people see is when the log took it"),
        same(
            "unclean.leader.election.enable",
            "false",
            "an unclean election loses what was acked",
        ),
        Wanted {
            name: "min.insync.replicas",
            value: if config.replication >= REPLICAS_FOR_TWO_IN_SYNC {
                "2"
            } else {
                "1"
            }
            .into(),
            fits: |found, wanted| found.parse().unwrap_or(0) >= wanted.parse().unwrap_or(1_u16),
            why: "a record is acked when so many replicas have it",
        },
    ];
    match topic {
        Topic::Events | Topic::DeadLetters => all.extend([
            same(
                "cleanup.policy",
                "delete",
                "compaction would take events out of the truth",
            ),
            same("retention.ms", "-1", "the log is kept for ever"),
            same("retention.bytes", "-1", "the log is kept for ever"),
        ]),
        Topic::Reads => all.push(same(
            "cleanup.policy",
            "compact",
            "the last marker of each person and room is kept",
        )),
        Topic::Signals => {
            let millis = (u64::from(config.signals_retention_minutes) * 60_000).to_string();
            all.extend([
                same("cleanup.policy", "delete", "signals are soft state"),
                // Retention deletes whole segments: they must end as often.
                Wanted {
                    name: "segment.ms",
                    value: millis.clone(),
                    fits: |_, _| true,
                    why: "",
                },
                Wanted {
                    name: "retention.ms",
                    value: millis,
                    fits: |found, wanted| matches!((found.parse::<i64>(), wanted.parse()), (Ok(f), Ok(w)) if f >= w),
                    why: "presence is rebuilt from what is kept",
                },
            ]);
        }
    }
    all
}

async fn check_settings(config: &Config, names: &Names, admin: &Admin) -> Result<(), Error> {
    let specifiers = Topic::ALL.map(|topic| ResourceSpecifier::Topic(names.of(topic)));
    let options = AdminOptions::new().request_timeout(Some(config.query_timeout()));
    let found = admin
        .describe_configs(&specifiers, &options)
        .await
        .map_err(unavailable)?;
    for (topic, found) in Topic::ALL.into_iter().zip(found) {
        let found = found.map_err(|code| match is_denied(code) {
            true => config
                .security
                .denied("DescribeConfigs", &format!("topic {}", names.of(topic))),
            false => unavailable(KafkaError::AdminOp(code)),
        })?;
        check_topic((topic, names.of(topic)), &wanted(config, topic), &found)?;
    }
    Ok(())
}

fn check_topic((topic, name): (Topic, &str), wanted: &[Wanted], found: &ConfigResource) -> Result<(), Error> {
    for Wanted {
        name: setting,
        value,
        fits,
        why,
    } in wanted
    {
        let found = found
            .get(setting)
            .and_then(|entry| entry.value.as_deref())
            .unwrap_or("nothing");
        // An import fills the events alone.
        if topic == Topic::Events && *setting == TIMES && found == Times::Producers.value() {
            let hint = format!(
                "delete the topics of this log and run `roomlog migrate` (or, if nobody ever imported into it, kafka-configs \
                 --alter --topic {name} --add-config {TIMES}={value})"
            );
            return Err(half(&format!("topic {name} has {TIMES} = {found}: it"), &hint));
        }
        if !fits(found, value) {
            return Err(Error::Misconfigured(format!(
                "topic {name} has {setting} = {found}, Roomlog needs {value} ({why}): kafka-configs --alter --topic \
                 {name} --add-config {setting}={value}"
            )));
        }
    }
    Ok(())
}

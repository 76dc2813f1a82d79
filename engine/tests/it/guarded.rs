//! A Kafka that wants to know who one is: TLS, SCRAM, and ACLs given as deploy/kafka/acls prints them.
#![allow(unsafe_code, reason = "the safe wrapper of librdkafka gives no ACLs")]

use crate::own_kafka::OwnKafka;
use engine::log::kafka::{Config, Mechanism, Protocol, Secret, Security};
use rdkafka::ClientConfig;
use rdkafka::admin::AdminClient;
use rdkafka::bindings as c;
use rdkafka::client::DefaultClientContext;
use std::ffi::{CString, c_char};
use std::process::Command;
use std::ptr;

/// How long the broker may take to answer, in ms.
const PATIENCE_MS: i32 = 60_000;

pub(crate) struct Guarded {
    kafka: OwnKafka,
    open: String,
    pub(crate) brokers: String,
    password: String,
}

impl Guarded {
    pub(crate) async fn up() -> Self {
        let kafka = OwnKafka::guarded().await;
        let password = std::fs::read_to_string(kafka.file("guard.password")).expect("the users' password");
        Self {
            open: kafka.brokers().await,
            brokers: kafka.variable("ROOMLOG_TEST_GUARDED_KAFKA").await,
            password,
            kafka,
        }
    }

    /// How `user` opens the log of `prefix`.
    pub(crate) fn config(&self, user: &str, prefix: &str) -> Config {
        Config {
            brokers: self.brokers.clone(),
            prefix: prefix.to_owned(),
            partitions: crate::log_suite::PARTITIONS,
            security: Security {
                protocol: Protocol::SaslSsl,
                ca_file: self.kafka.file("guard.pem"),
                mechanism: Mechanism::ScramSha512,
                username: user.to_owned(),
                password: Secret::new(self.password.clone()),
                ..Security::default()
            },
            ..Config::default()
        }
    }

    /// Allows what the script says of a log of this prefix, but for what `without` finds in its lines.
    pub(crate) fn allow(&self, prefix: &str, without: impl Fn(&str) -> bool) {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/kafka/acls");
        let ran = Command::new(script).arg(prefix).output().expect("the script is there");
        assert!(ran.status.success(), "{ran:?}");
        let lines = String::from_utf8(ran.stdout).expect("UTF-8");
        let bindings: Vec<Binding> = lines.lines().filter(|line| !without(line)).flat_map(bindings).collect();
        assert!(!bindings.is_empty(), "{lines}");
        give(&self.open, &bindings);
    }
}

/// One operation of one user on one thing.
struct Binding {
    who: CString,
    kind: c::rd_kafka_ResourceType_t,
    name: CString,
    operation: c::rd_kafka_AclOperation_t,
}

/// What one line of arguments asks for.
fn bindings(line: &str) -> Vec<Binding> {
    use c::rd_kafka_ResourceType_t as Kind;
    let words: Vec<&str> = line.split_whitespace().collect();
    let after = |option: &str| -> Vec<String> {
        let pairs = words.windows(2).filter(|pair| pair[0] == option);
        pairs.map(|pair| pair[1].to_owned()).collect()
    };
    let text = |text: &str| CString::new(text).expect("no zero in it");
    let who = after("--allow-principal").pop().expect("somebody");
    let topics = after("--topic")
        .into_iter()
        .map(|name| (Kind::RD_KAFKA_RESOURCE_TOPIC, name));
    let groups = after("--group")
        .into_iter()
        .map(|name| (Kind::RD_KAFKA_RESOURCE_GROUP, name));
    topics
        .chain(groups)
        .flat_map(|(kind, name)| {
            after("--operation")
                .into_iter()
                .map(move |word| (kind, name.clone(), word))
        })
        .map(|(kind, name, word)| Binding {
            who: text(&who),
            kind,
            name: text(&name),
            operation: operation(&word),
        })
        .collect()
}

fn operation(word: &str) -> c::rd_kafka_AclOperation_t {
    use c::rd_kafka_AclOperation_t as Operation;
    match word {
        "Read" => Operation::RD_KAFKA_ACL_OPERATION_READ,
        "Write" => Operation::RD_KAFKA_ACL_OPERATION_WRITE,
        "Create" => Operation::RD_KAFKA_ACL_OPERATION_CREATE,
        "Describe" => Operation::RD_KAFKA_ACL_OPERATION_DESCRIBE,
        "DescribeConfigs" => Operation::RD_KAFKA_ACL_OPERATION_DESCRIBE_CONFIGS,
        "AlterConfigs" => Operation::RD_KAFKA_ACL_OPERATION_ALTER_CONFIGS,
        other => panic!("{other} is no operation that Roomlog needs"),
    }
}

fn give(brokers: &str, bindings: &[Binding]) {
    let mut client = ClientConfig::new();
    client.set("bootstrap.servers", brokers);
    let admin: AdminClient<DefaultClientContext> = client.create().expect("a client");
    let rk = admin.inner().native_ptr();
    let any_host = CString::new("*").expect("no zero in it");
    let mut why: [c_char; 256] = [0; 256];
    // SAFETY: every pointer made here is given back below, once; texts and client outlive the calls.
    unsafe {
        let mut all: Vec<_> = bindings
            .iter()
            .map(|binding| {
                let acl = c::rd_kafka_AclBinding_new(
                    binding.kind,
                    binding.name.as_ptr(),
                    c::rd_kafka_ResourcePatternType_t::RD_KAFKA_RESOURCE_PATTERN_LITERAL,
                    binding.who.as_ptr(),
                    any_host.as_ptr(),
                    binding.operation,
                    c::rd_kafka_AclPermissionType_t::RD_KAFKA_ACL_PERMISSION_TYPE_ALLOW,
                    why.as_mut_ptr(),
                    why.len(),
                );
                assert!(!acl.is_null(), "not a binding: {why:?}");
                acl
            })
            .collect();
        let queue = c::rd_kafka_queue_new(rk);
        c::rd_kafka_CreateAcls(rk, all.as_mut_ptr(), all.len(), ptr::null(), queue);
        let event = c::rd_kafka_queue_poll(queue, PATIENCE_MS);
        assert!(!event.is_null(), "no answer to ACLs");
        let mut count = 0;
        let results = c::rd_kafka_CreateAcls_result_acls(c::rd_kafka_event_CreateAcls_result(event), &raw mut count);
        assert_eq!(count, all.len());
        for i in 0..count {
            let error = c::rd_kafka_acl_result_error(*results.add(i));
            assert!(error.is_null(), "binding {i} is refused");
        }
        c::rd_kafka_event_destroy(event);
        c::rd_kafka_queue_destroy(queue);
        c::rd_kafka_AclBinding_destroy_array(all.as_mut_ptr(), all.len());
    }
}

//! Many clients that listen to the rooms they are in from their first event on, and talk in them.

use super::{DEADLINE, eventually};
use roomlog_client::{Ack, Client, Options, Start, Subscription, Update};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Where a crowd gathers.
pub(crate) trait Place {
    /// Registers somebody; their token.
    async fn somebody(&self, username: &str) -> String;

    /// Makes an open room.
    async fn open_room(&self, token: &str, name: &str) -> Uuid;

    /// Where client `number` connects, the first choice first.
    fn addresses(&self, number: usize) -> Vec<String>;
}

/// What one listener has heard of one room.
#[derive(Debug, Default)]
struct Heard {
    last: AtomicU64,
}

/// By seq: the event's id and its cid.
type Events = BTreeMap<u64, (Uuid, Uuid)>;

/// What all agree on: who was first to hear a seq says which event it is.
#[derive(Debug, Default)]
pub(crate) struct Agreed {
    rooms: Mutex<BTreeMap<Uuid, Events>>,
    faults: Mutex<Vec<String>>,
}

impl Agreed {
    fn fault(&self, fault: String) {
        self.faults.lock().unwrap().push(fault);
    }

    fn hear(&self, room: Uuid, seq: u64, event: (Uuid, Uuid)) {
        let mut rooms = self.rooms.lock().unwrap();
        let first = *rooms.entry(room).or_default().entry(seq).or_insert(event);
        drop(rooms);
        if first != event {
            self.fault(format!("room {room} seq {seq}: {first:?} here, {event:?} there"));
        }
    }

    /// The cid at a seq of a room.
    pub(crate) fn cid(&self, room: Uuid, seq: u64) -> Option<Uuid> {
        self.rooms.lock().unwrap().get(&room)?.get(&seq).map(|(_, cid)| *cid)
    }

    /// The ids of a room's events by seq.
    fn events(&self, room: Uuid) -> BTreeMap<u64, Uuid> {
        let rooms = self.rooms.lock().unwrap();
        rooms[&room]
            .iter()
            .map(|(seq, (event_id, _))| (*seq, *event_id))
            .collect()
    }
}

/// The crowd.
pub(crate) struct Crowd {
    pub(crate) rooms: Vec<Uuid>,
    clients: Vec<Arc<Client>>,
    agreed: Arc<Agreed>,
    heard: Vec<(Uuid, Arc<Heard>)>,
    listening: JoinSet<()>,
    acks: Arc<Mutex<Vec<(Uuid, Ack)>>>,
}

impl Crowd {
    /// `people` clients, turn by turn on the place's edges, each in `each` of `rooms` open rooms.
    pub(crate) async fn gather(place: &impl Place, people: usize, rooms: usize, each: usize) -> Self {
        let mut tokens: Vec<String> = Vec::new();
        // Few accounts, many clients: what is proven is the log, not the price of a password's hash.
        for number in 0..people.min(10) {
            tokens.push(place.somebody(&format!("person{number}")).await);
        }
        let mut ids = Vec::with_capacity(rooms);
        for number in 0..rooms {
            ids.push(place.open_room(&tokens[0], &format!("room {number}")).await);
        }
        let mut crowd = Self {
            rooms: ids,
            clients: Vec::new(),
            agreed: Arc::default(),
            heard: Vec::new(),
            listening: JoinSet::new(),
            acks: Arc::default(),
        };
        for number in 0..people {
            let token = &tokens[number % tokens.len()];
            let options = Options::new(place.addresses(number), token)
                .backoff(Duration::from_millis(100), Duration::from_secs(1));
            let client = Arc::new(Client::start(options));
            for room in (0..each).map(|step| crowd.rooms[(number + step) % rooms]) {
                let subscription = client.subscribe(room, Start::After(0)).await.unwrap();
                let heard = Arc::new(Heard::default());
                crowd.heard.push((room, heard.clone()));
                crowd.listening.spawn(listen(subscription, heard, crowd.agreed.clone()));
            }
            crowd.clients.push(client);
        }
        crowd
    }

    /// Every client says `each` things, in its rooms in turn, a few at once.
    pub(crate) async fn say(&self, each: usize) {
        const AT_ONCE: usize = 4;
        let mut talking = JoinSet::new();
        for (number, client) in self.clients.iter().enumerate() {
            for lane in 0..AT_ONCE {
                let (client, acks, rooms) = (client.clone(), self.acks.clone(), self.rooms.clone());
                talking.spawn(async move {
                    for message in (lane..each).step_by(AT_ONCE) {
                        let room = rooms[(number + message) % rooms.len()];
                        let ack = client.send(room, &format!("{number} says {message}")).await.unwrap();
                        acks.lock().unwrap().push((room, ack));
                    }
                });
            }
        }
        while let Some(said) = talking.join_next().await {
            said.unwrap();
        }
    }

    /// Talks until told to stop, with a pause between what one client says.
    pub(crate) fn keep_talking(&self, pause: Duration) -> Talk {
        let (stop, mut tasks) = (CancellationToken::new(), JoinSet::new());
        for (number, client) in self.clients.iter().enumerate() {
            let (client, acks, rooms, stop) = (client.clone(), self.acks.clone(), self.rooms.clone(), stop.clone());
            tasks.spawn(async move {
                for message in 0.. {
                    if stop.is_cancelled() {
                        return;
                    }
                    let room = rooms[(number + message) % rooms.len()];
                    let ack = client.send(room, &format!("{number} says {message}")).await.unwrap();
                    acks.lock().unwrap().push((room, ack));
                    tokio::time::sleep(pause).await;
                }
            });
        }
        Talk { stop, tasks }
    }

    /// How many commands were acked so far.
    pub(crate) fn acked(&self) -> usize {
        self.acks.lock().unwrap().len()
    }

    /// Checks what every client was promised: each room's seqs 1..n once each, in order, the same events for all, and
    /// every acked command at the seq of its ack, once. Answers the head of each room.
    pub(crate) async fn check(&self) -> BTreeMap<Uuid, u64> {
        let acks = self.acks.lock().unwrap().clone();
        let mut heads: BTreeMap<Uuid, u64> = BTreeMap::new();
        for (room, ack) in &acks {
            let head = heads.entry(*room).or_default();
            *head = (*head).max(ack.seq);
        }
        eventually("every client has heard everything", || async {
            let behind = self.heard.iter().filter(|(room, heard)| {
                heard.last.load(Ordering::Acquire) < heads.get(room).copied().unwrap_or_default()
            });
            match behind.count() {
                0 => Ok(()),
                count => Err(format!("{count} of {} subscriptions are behind", self.heard.len())),
            }
        })
        .await;
        assert_eq!(*self.agreed.faults.lock().unwrap(), Vec::<String>::new());
        for (number, client) in self.clients.iter().enumerate() {
            assert_eq!(client.stats().violations(), (0, Vec::new()), "client {number}");
        }
        let mut places = BTreeMap::new();
        for (room, ack) in &acks {
            assert_eq!(
                self.agreed.cid(*room, ack.seq),
                Some(ack.cid),
                "room {room} seq {}",
                ack.seq
            );
            assert_eq!(
                places.insert((*room, ack.seq), ack.cid),
                None,
                "two commands acked at one seq"
            );
        }
        heads
    }

    /// Every ack, with its room: seqs and digests are what everything else must come to.
    pub(crate) fn receipts(&self) -> Vec<(Uuid, Ack)> {
        self.acks.lock().unwrap().clone()
    }

    /// What was said in a room, by seq: the ids of all its events that somebody got an ack for.
    pub(crate) fn said(&self, room: Uuid) -> BTreeMap<u64, Uuid> {
        let mut events = self.agreed.events(room);
        let acks = self.acks.lock().unwrap();
        let acked: BTreeSet<u64> = acks
            .iter()
            .filter(|(of, _)| *of == room)
            .map(|(_, ack)| ack.seq)
            .collect();
        events.retain(|seq, _| acked.contains(seq));
        events
    }

    /// How often the clients were greeted, all together.
    pub(crate) fn connections(&self) -> u64 {
        self.clients.iter().map(|client| client.stats().connections()).sum()
    }

    /// Everybody goes home.
    pub(crate) async fn leave(mut self) {
        for client in self.clients.drain(..) {
            match Arc::try_unwrap(client) {
                Ok(client) => client.close().await,
                Err(_) => panic!("a client is still talking"),
            }
        }
        while let Some(ended) = self.listening.join_next().await {
            ended.unwrap();
        }
    }
}

/// Clients that talk until they are told to stop.
pub(crate) struct Talk {
    stop: CancellationToken,
    tasks: JoinSet<()>,
}

impl Talk {
    /// Lets everybody finish what they are saying: every command gets its outcome.
    pub(crate) async fn stop(mut self) {
        self.stop.cancel();
        let finished = tokio::time::timeout(DEADLINE, async {
            while let Some(said) = self.tasks.join_next().await {
                said.unwrap();
            }
        });
        finished.await.expect("every command gets its ack");
    }
}

async fn listen(mut subscription: Subscription, heard: Arc<Heard>, agreed: Arc<Agreed>) {
    let room = subscription.room();
    while let Some(update) = subscription.next().await {
        match update {
            Update::Event(event) => {
                let last = heard.last.load(Ordering::Acquire);
                if event.seq != last + 1 {
                    agreed.fault(format!("room {room}: seq {} after {last}", event.seq));
                }
                agreed.hear(room, event.seq, (event.event_id, event.cid));
                heard.last.store(event.seq, Ordering::Release);
            }
            Update::Snapshot(snapshot) => agreed.fault(format!("room {room}: not recovered: {:?}", snapshot.reason)),
            Update::Ended(reason) if reason != "closed" => agreed.fault(format!("room {room}: ended: {reason}")),
            _ => {}
        }
    }
}

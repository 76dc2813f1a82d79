"""Chats with a Roomlog that runs in containers, by its balancer alone: python deploy/test/smoke.py URL before|after FILE

`before` registers three people, lets them talk over WebSocket and REST, waits until history and search know it, and
keeps in FILE where they are; `after` resumes where they were, after a part was killed. What it saw is printed, a line
each; the first thing that is not as it must be ends it.
"""
import json
import pathlib
import re
import sys
import time
import uuid

import requests
import websocket

PATIENCE_SECONDS = 60
# Sends whose client wants a trace; the collector keeps a fifth of them.
TRACED = 60
GENERAL = "a97685bd-efe0-5571-84e1-aa9bd8918750"
KEPT = pathlib.Path(sys.argv[3])


class Person:
    """Somebody with a token and, perhaps, a socket."""

    def __init__(self, url, token):
        self.url, self.token, self.socket, self.next_id = url, token, None, 1
        self.heard = []

    @classmethod
    def register(cls, url, name):
        answer = requests.post(f"{url}/v1/auth/register", timeout=PATIENCE_SECONDS,
                               json={"username": name, "password": "correct horse battery"})
        must(answer.status_code == 201, f"registering {name}: {answer.status_code} {answer.text}")
        return cls(url, answer.json()["access_token"])

    def connect(self):
        self.socket = websocket.create_connection(
            self.url.replace("http", "ws") + "/v1/ws", subprotocols=["roomlog.v1.json"], timeout=PATIENCE_SECONDS,
            header=[f"authorization: Bearer {self.token}"])

    def ask(self, command):
        number = self.next_id
        self.next_id += 1
        self.socket.send(json.dumps({"id": number, **command}))
        while True:
            for frame in self.frames():
                if frame.get("id") == number:
                    must("ok" in frame, f"{command} is answered {frame}")
                    return frame["ok"]

    def frames(self):
        """What comes next, several frames perhaps; all of it is kept, whoever looks for one of them alone."""
        frames = [json.loads(line) for line in self.socket.recv().split("\n") if line]
        self.heard += frames
        if any("ping" in frame for frame in frames):
            self.socket.send('{"pong":{}}')
        return frames

    def waits_for(self, text):
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not any(body_of(frame) == text for frame in self.heard):
            must(time.monotonic() < deadline, f"{text!r} was never heard")
            self.frames()

    def get(self, path):
        return requests.get(f"{self.url}{path}", timeout=PATIENCE_SECONDS, headers={"authorization": f"Bearer {self.token}"})


def body_of(frame):
    return frame.get("event", {}).get("body", {}).get("text")


def must(holds, what):
    if not holds:
        sys.exit(f"smoke: {what}")


def eventually(ask, what):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (found := ask()):
        must(time.monotonic() < deadline, what)
        time.sleep(0.2)
    return found


def say(person, text):
    started = time.monotonic()
    ack = person.ask({"send": {"room": GENERAL, "cid": str(uuid.uuid4()), "text": text}})
    return ack, 1000 * (time.monotonic() - started)


def post(person, text, **headers):
    sent = requests.post(f"{person.url}/v1/rooms/{GENERAL}/messages", timeout=PATIENCE_SECONDS, json={"text": text},
                         headers={"authorization": f"Bearer {person.token}", **headers})
    must(sent.status_code in (200, 201), f"REST send: {sent.status_code} {sent.text}")


def the_page(url):
    """The document, and each script and style that it names, under a policy that lets nothing in from outside."""
    document = requests.get(f"{url}/", timeout=PATIENCE_SECONDS)
    must(document.status_code == 200, f"the page: {document.status_code}")
    must("default-src 'none'" in document.headers.get("content-security-policy", ""), "the page has no strict policy")
    named = re.findall(r'(?:src|href)="(/assets/[^"]+)"', document.text)
    must(named, "the page names no script")
    for path in named:
        must(requests.get(url + path, timeout=PATIENCE_SECONDS).status_code == 200, f"{path} is not there")
    print(f"- the page is there, with the {len(named)} files it begins with")


def before(url):
    for path in ("/metrics", "/readyz"):
        must(requests.get(url + path, timeout=PATIENCE_SECONDS).status_code == 404, f"{path} can be had from outside")
    print("- the balancer hands out neither `/metrics` nor `/readyz`")
    the_page(url)
    mark = uuid.uuid4().hex[:8]
    people = [Person.register(url, f"{name}-{mark}") for name in ("ann", "ben", "cleo")]
    for person in people:
        person.connect()
        person.ask({"subscribe": {"room": GENERAL}})
    texts = [f"word{mark} number {number}" for number in range(20)]
    acks = [say(people[number % 3], text) for number, text in enumerate(texts)]
    for person in people:
        for text in texts:
            person.waits_for(text)
    seqs = [ack["seq"] for ack, _ in acks]
    must(seqs == list(range(seqs[0], seqs[0] + 20)), f"seqs have gaps: {seqs}")
    times = sorted(time for _, time in acks)
    print(f"- 20 messages of 3 people over WebSocket were acked without a gap and heard by all; ack at the median {times[10]:.0f} ms")
    for number in range(TRACED):
        post(people[number % 3], f"traced {mark}", traceparent=f"00-{uuid.uuid4().hex}-{uuid.uuid4().hex[:16]}-01")
    post(people[0], f"by REST {mark}")
    people[1].waits_for(f"by REST {mark}")
    print("- one sent over REST was heard over WebSocket")
    eventually(lambda: len(people[2].get(f"/v1/search?q=word{mark}&limit=50").json()["hits"]) == 20, "search does not find all")
    print("- history (PostgreSQL) has them: a search finds all 20")
    kept = {"tokens": [p.token for p in people], "seq": seqs[-1], "epoch": acks[0][0]["pos"]["epoch"], "mark": mark}
    KEPT.write_text(json.dumps(kept))


def after(url):
    kept = json.loads(KEPT.read_text())
    people = [Person(url, token) for token in kept["tokens"]]
    for person in people:
        eventually(lambda: connected(person), "nobody lets us in")
        resume = {"epoch": kept["epoch"], "seq": kept["seq"] - 5}
        ok = person.ask({"subscribe": {"room": GENERAL, "resume": resume}})
        must(ok["recovered"] is True, f"not recovered: {ok}")
        person.waits_for(f"by REST {kept['mark']}")
    say(people[0], f"after {kept['mark']}")
    for person in people:
        person.waits_for(f"after {kept['mark']}")
    print("- 3 people came back by the balancer, resumed without a gap, and heard what was said then")


def connected(person):
    try:
        person.connect()
    except (OSError, websocket.WebSocketException):
        return False
    return True


{"before": before, "after": after}[sys.argv[2]](sys.argv[1])

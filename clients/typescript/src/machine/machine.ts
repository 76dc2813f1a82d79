/**
 * The client without its socket: what comes in (connections, frames, wishes, the time) and what is to be done about it, as data.
 *
 * What must hold: no clock, no randomness, no I/O: an input brings its {@link Moment}; the same inputs give the same effects. A room's
 * events are handed on once each, in order; a write keeps its cid until its outcome is known, over as many connections as that takes.
 */
import type { Commands } from '../generated/protocol.js';
import type { HelloPush, Refusal } from '../generated/schema.js';
import { Malformed, read } from '../protocol/check.js';
import { ofPush } from '../protocol/event.js';
import { frames, PONG, type Frame, type Push } from '../protocol/frame.js';
import { Asked } from './asked.js';
import { CommandQueue } from './commands.js';
import { Link, type Setting } from './link.js';
import { Subscriptions } from './subscriptions.js';
import type { Ask, ConnectionState, Effect, Moment, Ticket, Write } from './types.js';

export class Machine {
  private readonly link: Link;
  private readonly commands: CommandQueue;
  private readonly subscriptions: Subscriptions;
  private readonly asked = new Asked();
  private heardAt = 0;
  private clockAt = 0;
  /** If nothing is heard until then, the network is not what it was. */
  private probeUntil: number | undefined;
  private effects: Effect[] = [];

  constructor(private readonly setting: Setting) {
    this.commands = new CommandQueue(setting.limits);
    this.subscriptions = new Subscriptions(setting.limits);
    this.link = new Link(
      setting,
      (effect) => void this.effects.push(effect),
      (reason) => {
        this.commands.failAll(this.effects);
        this.subscriptions.endAll(reason, this.effects);
      },
    );
  }

  /** What can be said of the connection; another object whenever it is another. */
  get state(): ConnectionState {
    return this.link.state;
  }

  /** What is to be done, in order. */
  takeEffects(): Effect[] {
    const { effects } = this;
    this.effects = [];
    return effects;
  }

  // --- the connection ------------------------------------------------------------------------------------------------

  /** The access token that is in force before it connects; without, one is asked for. */
  knows(token: string | undefined): void {
    this.link.knows(token);
  }

  /** Connects, if it does not already; also at once where it waits. */
  connect(moment: Moment): void {
    this.link.connect(moment);
  }

  /** The socket is open: say who we are. */
  opened(moment: Moment): void {
    if (!this.link.isOpening) return;
    this.asked.reset();
    this.sayWho(moment);
  }

  private sayWho(moment: Moment): void {
    const { token } = this.link;
    if (token !== undefined) this.asked.send(this.effects, moment, { of: 'auth' }, 'auth', { token });
  }

  /** Another access token, for this connection and those to come. */
  authorized(token: string, moment: Moment): void {
    if (this.link.authorized(token, moment)) this.sayWho(moment);
  }

  /** No token could be had: for now, or because nobody is signed in. */
  unauthorized(why: 'for_now' | 'signed_out', moment: Moment): void {
    if (why === 'signed_out') this.drop();
    this.link.unauthorized(why, moment);
  }

  /** The socket is gone, or never came to be. */
  closed(code: number | undefined, moment: Moment): void {
    if (!this.hasSocket) return;
    this.disconnected();
    this.link.closed(code, moment);
  }

  /** It is over: commands fail, subscriptions end. */
  close(): void {
    this.drop();
    this.link.end('closed');
  }

  private get hasSocket(): boolean {
    return this.link.isOpening || this.link.isLive;
  }

  private disconnected(): void {
    this.asked.reset();
    this.probeUntil = undefined;
    this.subscriptions.disconnected(this.effects);
    this.commands.disconnected(this.effects);
  }

  private drop(): void {
    if (!this.hasSocket) return;
    this.effects.push({ kind: 'drop' });
    this.disconnected();
  }

  /** The connection is worth nothing any more. */
  private lose(moment: Moment): void {
    this.effects.push({ kind: 'drop' });
    this.closed(undefined, moment);
  }

  /** This machine says that it has a network, or none. */
  network(present: boolean, moment: Moment): void {
    if (!this.link.network(present, moment)) return;
    // It may be wrong: what is open is asked, not closed.
    this.askTime(moment);
    this.probeUntil ??= moment.now + this.setting.limits.probeTimeoutMs;
  }

  // --- wishes --------------------------------------------------------------------------------------------------------

  /** Somebody wants to hear a room, with so many of its latest messages. */
  subscribe(room: string, recent: number, moment: Moment): void {
    this.subscriptions.want(room, recent);
    if (this.link.isEnded) this.subscriptions.ended(room, 'closed', this.effects);
    this.sendDue(moment);
  }

  /** They no longer do. */
  unsubscribe(room: string, moment: Moment): void {
    if (this.subscriptions.forget(room) && this.link.isLive) {
      this.asked.send(this.effects, moment, { of: 'leave' }, 'unsubscribe', { room });
    }
  }

  /** A command that the log will hold: sent again with the same cid until its outcome is known. */
  write(ticket: Ticket, write: Write, moment: Moment): void {
    this.commands.write(ticket, write, this.effects);
    this.added(moment);
  }

  /** A command that leaves no trace: tried once. */
  ask(ticket: Ticket, ask: Ask, moment: Moment): void {
    this.commands.ask(ticket, ask, this.effects);
    this.added(moment);
  }

  private added(moment: Moment): void {
    if (this.link.isEnded) this.commands.failAll(this.effects);
    this.sendDue(moment);
  }

  /** Takes a command back that is not on its way; answers whether it was one. */
  discard(ticket: Ticket): boolean {
    return this.commands.discard(ticket, this.effects);
  }

  // --- time ----------------------------------------------------------------------------------------------------------

  /** When {@link Machine.tick} is to be called; undefined: not of itself. */
  deadline(): number | undefined {
    const due = [this.link.deadline(this.heardAt)];
    if (this.link.isLive) {
      due.push(this.unansweredAt(), this.probeUntil, this.subscriptions.deadline(), this.commands.deadline());
    }
    const first = Math.min(...due.filter((at) => at !== undefined));
    return first === Infinity ? undefined : first;
  }

  private unansweredAt(): number | undefined {
    const oldest = this.asked.oldestAt();
    return oldest === undefined ? undefined : oldest + this.setting.limits.answerTimeoutMs;
  }

  /** Some time has passed. */
  tick(moment: Moment): void {
    const { now } = moment;
    const isOver = (at: number | undefined): boolean => at !== undefined && at <= now;
    const isLost = this.link.isLive && (isOver(this.unansweredAt()) || isOver(this.probeUntil));
    if (isLost || this.link.tick(this.heardAt, moment)) {
      this.lose(moment);
    } else if (this.link.isLive) {
      this.commands.tick(now);
      this.subscriptions.tick(now);
      this.sendDue(moment);
    }
  }

  // --- frames --------------------------------------------------------------------------------------------------------

  /** A text message came. */
  message(text: string, moment: Moment): void {
    if (!this.hasSocket) return;
    this.heardAt = moment.now;
    this.probeUntil = undefined;
    try {
      for (const frame of frames(text)) this.frame(frame, moment);
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      this.effects.push({ kind: 'note', violation: { kind: 'unreadable', message: error.message } });
      this.lose(moment);
    }
  }

  private frame(frame: Frame, moment: Moment): void {
    // What stands in the same message behind something that ended the connection is as good as lost.
    if (!this.hasSocket) return;
    if (frame.kind === 'ok') this.answered(frame.id, { ok: frame.ok }, moment);
    else if (frame.kind === 'error') this.answered(frame.id, { error: frame.error }, moment);
    else if (frame.kind !== 'unknown') this.pushed(frame, moment);
  }

  private pushed(push: Push, moment: Moment): void {
    const { effects, subscriptions } = this;
    switch (push.kind) {
      case 'hello':
        this.greeted(push.body, moment);
        break;
      case 'event':
        if (subscriptions.event(ofPush(push.body), effects)) this.sendDue(moment);
        else this.lose(moment);
        break;
      case 'caught_up':
        subscriptions.caughtUp(push.body.room, effects);
        break;
      case 'lagged':
        subscriptions.again(push.body.room, effects);
        this.sendDue(moment);
        break;
      case 'gone':
        subscriptions.ended(push.body.room, push.body.reason, effects);
        break;
      case 'presence':
        subscriptions.tell(push.body.room, { kind: 'presence', presence: push.body }, effects);
        break;
      case 'typing':
        subscriptions.tell(push.body.room, { kind: 'typing', typing: push.body }, effects);
        break;
      case 'read':
        effects.push({ kind: 'read', room: push.body.room, seq: push.body.seq });
        break;
      case 'replay':
        effects.push({ kind: 'replay', push: push.body });
        break;
      case 'bye':
        this.link.bye = push.body;
        break;
      case 'ping':
        effects.push({ kind: 'send', text: PONG });
        if (moment.now - this.clockAt >= this.setting.limits.clockIntervalMs) this.askTime(moment);
    }
  }

  private greeted(hello: HelloPush, moment: Moment): void {
    if (!this.link.isOpening) return;
    this.link.greeted(hello, moment);
    this.effects.push({ kind: 'greeted', hello });
    this.askTime(moment);
    this.sendDue(moment);
  }

  private answered(frame: number, answer: { ok: unknown } | { error: Refusal }, moment: Moment): void {
    const asker = this.asked.answered(frame);
    switch (asker?.of) {
      case 'command':
        this.commands.answered(frame, answer, moment, this.effects);
        break;
      case 'subscription':
        if ('error' in answer) this.subscriptions.refused(asker.room, frame, answer.error, moment, this.effects);
        else this.subscriptions.answered(asker.room, frame, read('Subscription', answer.ok), this.effects);
        break;
      case 'clock':
        if ('ok' in answer) {
          const { time } = read('PingAnswer', answer.ok);
          this.effects.push({ kind: 'time', sentAt: asker.at, heardAt: moment.now, time });
        }
        break;
      default:
      // Of a token that is refused the server says what follows; whom one does not hear any more one does not hear.
    }
    this.sendDue(moment);
  }

  private askTime(moment: Moment): void {
    this.clockAt = moment.now;
    this.asked.send(this.effects, moment, { of: 'clock' }, 'ping', {});
  }

  private sendDue(moment: Moment): void {
    if (!this.link.isLive) return;
    const { asked, effects } = this;
    for (;;) {
      const subscribe = this.subscriptions.next(asked.next);
      if (subscribe === undefined) break;
      asked.send(effects, moment, { of: 'subscription', room: subscribe.room }, 'subscribe', subscribe);
    }
    for (;;) {
      const due = this.commands.next(asked.next, (room) => this.subscriptions.head(room), effects);
      if (due === undefined) break;
      // The body is that of the name with which it was asked for.
      const body = due.body as Commands[typeof due.name]['body'];
      asked.send(effects, moment, { of: 'command' }, due.name, body);
    }
  }
}

/** What a room looks like: messages by the server's rules, and what was said here behind them. */
import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS } from '../../src/limits.js';
import { read } from '../../src/protocol/check.js';
import { ofPush, type RoomEvent } from '../../src/protocol/event.js';
import { MessageFold } from '../../src/view/message-fold.js';
import { beginFold, foldOn, MOST_EMOJI, type FoldedMessage, type MessageChange } from '../../src/view/message.js';
import { RoomState } from '../../src/view/room-state.js';
import { event, ME, receipt, subscription } from '../support/machine.js';

type Json = Record<string, unknown>;

function heard(seq: number, type = 'message_sent', body: Json = { text: `m${seq}` }, who = ME): RoomEvent {
  return ofPush(read('EventPush', event(seq, { type, body, from: { id: who, name: who } }).event));
}

function fold(...events: RoomEvent[]): MessageFold {
  const fold = new MessageFold(() => ME);
  for (const each of events) fold.apply(each);
  return fold;
}

const react = (seq: number, who: string, emoji = '👍') => heard(seq, 'reaction_added', { seq: 1, emoji }, who);
const unreact = (seq: number, who: string, emoji = '👍') => heard(seq, 'reaction_removed', { seq: 1, emoji }, who);

describe('a message', () => {
  it('is what it was last edited to', () => {
    const after = fold(
      heard(1),
      heard(2, 'message_edited', { seq: 1, text: 'b' }),
      heard(3, 'message_edited', { seq: 1, text: 'c' }),
    );
    expect(after.messages).toMatchObject([{ seq: 1, text: 'c', edited_at: 3 }]);
  });

  it('is a tombstone for ever', () => {
    const after = fold(
      heard(1, 'message_sent', { text: 'a', reply_to: 0, mentions: ['x'] }),
      react(2, 'ann'),
      heard(3, 'message_edited', { seq: 1, text: 'b' }),
      heard(4, 'message_deleted', { seq: 1 }),
      heard(5, 'message_edited', { seq: 1, text: 'c' }),
      react(6, 'ben'),
    );
    const [message] = after.messages;
    expect(message).toMatchObject({ text: '', deleted: true, reactions: [], reply_to: 0 });
    expect(message).not.toHaveProperty('edited_at');
    expect(message).not.toHaveProperty('mentions');
  });

  it('counts each person once an emoji, in the order in which they first came', () => {
    const after = fold(heard(1), react(2, 'ann'), react(3, 'ann'), react(4, ME, '🎉'), react(5, ME), unreact(6, 'ben'));
    expect(after.messages[0]?.reactions).toEqual([
      { emoji: '👍', count: 2, mine: true },
      { emoji: '🎉', count: 1, mine: true },
    ]);
    after.apply(unreact(7, ME));
    after.apply(unreact(8, ME, '🎉'));
    expect(after.messages[0]?.reactions).toEqual([{ emoji: '👍', count: 1 }]);
    expect(after.doubtful).toEqual(new Set());
  });

  it('has no more emoji than the server lets it have', () => {
    const after = fold(heard(1), ...Array.from({ length: MOST_EMOJI + 1 }, (_, n) => react(n + 2, 'ann', `e${n}`)));
    expect(after.messages[0]?.reactions.length).toBe(MOST_EMOJI);
  });

  it('is in doubt when one of those may react again who did before we looked', () => {
    const after = new MessageFold(() => ME);
    const reactions = [{ emoji: '👍', count: 2, mine: true }];
    after.reset([{ seq: 1, id: 'e1', from: { id: 'ann', name: 'Ann' }, at: 1, text: 'a', reactions }]);
    after.apply(react(2, ME));
    expect(after.messages[0]?.reactions).toEqual(reactions);
    expect(after.doubtful).toEqual(new Set());
    after.apply(react(3, 'ben'));
    expect(after.doubtful).toEqual(new Set([1]));
    after.replace({ seq: 1, id: 'e1', from: { id: 'ann', name: 'Ann' }, at: 1, text: 'a', reactions });
    expect([after.messages[0]?.reactions, after.doubtful]).toEqual([reactions, new Set()]);
  });

  it('makes place for others beyond what is kept', () => {
    const after = new MessageFold(() => ME, 2);
    for (const seq of [1, 2, 3]) after.apply(heard(seq));
    expect(after.messages.map(({ seq }) => seq)).toEqual([2, 3]);
  });
});

describe('a message as a value', () => {
  const said = beginFold({ seq: 1, id: 'e1', from: { id: 'ann', name: 'Ann' }, at: 1, text: 'a', reactions: [] });
  const changes: readonly MessageChange[] = [
    { type: 'reaction_added', body: { seq: 1, emoji: '👍' }, at: 2, from: { id: 'ann' } },
    { type: 'reaction_added', body: { seq: 1, emoji: '👍' }, at: 3, from: { id: 'ben' } },
    { type: 'message_edited', body: { seq: 1, text: 'b' }, at: 4, from: { id: 'ann' } },
    { type: 'reaction_removed', body: { seq: 1, emoji: '👍' }, at: 5, from: { id: 'ann' } },
    { type: 'message_deleted', body: { seq: 1 }, at: 6, from: { id: 'ann' } },
  ];
  const then = changes.reduce<FoldedMessage[]>((all, change) => [...all, foldOn(all.at(-1) ?? said, change)], []);

  it('can be shown again as it stood before', () => {
    const shown = ({ message }: FoldedMessage) => [message.text, message.reactions[0]?.count ?? 0];
    expect([said, ...then].map(shown)).toEqual([
      ['a', 0],
      ['a', 1],
      ['a', 2],
      ['b', 2],
      ['b', 1],
      ['', 0],
    ]);
  });

  it('goes on from any of them, knowing who had reacted by then', () => {
    const [first] = changes;
    const [one, two, , four] = then;
    if (!first || !one || !two || !four) throw new Error('there are five changes');
    expect(foldOn(one, first)).toBe(one);
    expect(foldOn(two, first)).toBe(two);
    expect(foldOn(four, first)).toMatchObject({ message: { reactions: [{ emoji: '👍', count: 2 }] }, doubtful: false });
  });

  it('is itself where an event is without effect', () => {
    const gone = then.at(-1);
    if (!gone) throw new Error('there are five changes');
    for (const change of changes) expect(foldOn(gone, change)).toBe(gone);
  });
});

describe('what is said here', () => {
  const room = () => {
    const state = new RoomState(() => ME, 50, DEFAULT_LIMITS);
    state.apply({ kind: 'snapshot', subscription: read('Subscription', subscription(4, null)) }, 0);
    state.said({ cid: 'c5', text: 'm5', at: 0, state: 'sending' });
    return state;
  };
  const ack = (seq: number) => read('Receipt', receipt('c5', seq));

  it.each(['event first', 'ack first'])('is shown once, %s', (order) => {
    const state = room();
    const steps = [() => state.apply({ kind: 'event', event: heard(5) }, 0), () => state.acked('c5', ack(5))];
    for (const step of order === 'event first' ? steps : steps.reverse()) {
      step();
      expect([...state.view.messages, ...state.view.pending].map(({ text }) => text)).toEqual(['m5']);
    }
    expect(state.view).toMatchObject({ pending: [], messages: [{ cid: 'c5', receipt: { seq: 5 } }] });
  });

  it('is held back while a snapshot may hold it already', () => {
    const state = room();
    const recent = [{ seq: 9, id: 'e9', from: { id: ME, name: 'me' }, at: 9, text: 'm5', reactions: [] }];
    const again = subscription(2_000, false, { recent, reason: 'too_far' });
    state.apply({ kind: 'snapshot', subscription: read('Subscription', again) }, 0);
    expect(state.view.pending).toEqual([]);
    expect(state.view.messages.map(({ text }) => text)).toEqual(['m5']);
    state.acked('c5', ack(9));
    expect(state.view.pending).toEqual([]);
    expect(state.view.messages.length).toBe(1);
  });

  it('is shown behind a snapshot that does not hold it', () => {
    const state = room();
    state.apply({ kind: 'snapshot', subscription: read('Subscription', subscription(2_000, false)) }, 0);
    expect(state.view.pending).toMatchObject([{ cid: 'c5', state: 'sending' }]);
  });
});

describe('who writes', () => {
  const room = () => {
    const state = new RoomState(() => ME, 50, DEFAULT_LIMITS);
    state.apply({ kind: 'snapshot', subscription: read('Subscription', subscription(0, null)) }, 0);
    return state;
  };
  const typing = (state: RoomState, now: number, users = ['ann', 'ben', ME]) =>
    state.apply({ kind: 'typing', typing: { room: 'r', users } }, now);
  const says = (state: RoomState, seq: number, who: string, now: number) =>
    state.apply({ kind: 'event', event: heard(seq, 'message_sent', { text: 'a' }, who) }, now);

  it('is forgotten when they have said it or after a while', () => {
    const state = room();
    typing(state, 0);
    expect(state.view.typing).toEqual(['ann', 'ben']);
    says(state, 1, 'ann', 0);
    expect(state.view.typing).toEqual(['ben']);
    expect(state.tick((state.deadline() ?? 0) - 1)).toBe(false);
    expect(state.tick(state.deadline() ?? 0)).toBe(true);
    expect(state.view.typing).toEqual([]);
  });

  it('is not shown where word of it comes after the message', () => {
    const state = room();
    says(state, 1, 'ann', 0);
    says(state, 2, 'ben', 1);
    typing(state, DEFAULT_LIMITS.typingLateMs);
    expect(state.view.typing).toEqual(['ann']);
    typing(state, DEFAULT_LIMITS.typingLateMs + 1);
    expect(state.view.typing).toEqual(['ann', 'ben']);
  });
});

describe('one is a member', () => {
  const room = () => {
    const state = new RoomState(() => ME, 50, DEFAULT_LIMITS);
    const told = subscription(0, null, { role: 'member' });
    state.apply({ kind: 'snapshot', subscription: read('Subscription', told) }, 0);
    return state;
  };
  const removed = (user: string) => heard(1, 'member_removed', { user, removal: 'kick', until: null }, 'owner');

  it('until one is removed', () => {
    const state = room();
    state.apply({ kind: 'event', event: removed(ME) }, 0);
    expect(state.view).toMatchObject({ role: null, room: { role: null } });
  });

  it('while others are removed', () => {
    const state = room();
    state.apply({ kind: 'event', event: removed('ann') }, 0);
    expect(state.view).toMatchObject({ role: 'member', room: { role: 'member' } });
  });
});

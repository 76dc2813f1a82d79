/** What the server says, held against its own schema. */
import { describe, expect, it } from 'vitest';
import { Malformed, read } from '../../src/protocol/check.js';

const message = {
  seq: 1,
  id: 'i',
  from: { id: 'u', name: 'Ann' },
  at: 4,
  text: 'hi',
  reactions: [{ emoji: '👍', count: 1 }],
};

describe('what the server says', () => {
  it('is taken as what its schema says, with fields of a later server', () => {
    expect(read('Message', { ...message, colour: 'red' })).toMatchObject(message);
  });

  it.each([
    ['a field of another kind', { ...message, seq: '1' }, 'seq'],
    ['a field that is missing', { ...message, text: undefined }, 'text'],
    ['null where there is no null', { ...message, edited_at: null }, 'edited_at'],
    ['a field further in', { ...message, from: { id: 'u' } }, 'from.name'],
    ['an item of a list', { ...message, reactions: [{ emoji: '👍' }] }, 'reactions.0.count'],
    ['something else', [], 'it'],
  ])('is refused for %s, by name', (_, value, field) => {
    expect(() => read('Message', value)).toThrow(
      new Malformed(`this is no Message: ${field} is not what it should be`),
    );
  });

  it('may be null where the schema says so', () => {
    const page = { messages: [message], before: null, after: 7 };
    expect(read('MessagePage', page)).toBe(page);
  });
});

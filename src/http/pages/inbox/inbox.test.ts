import { describe, expect, it } from 'vitest';
import { type Arrival, createInbox, type Inbox } from './inbox.ts';
import type { InboxNews } from './inbox-news.ts';

const T0 = Date.UTC(2026, 0, 31, 12);
const MINUTE = 60_000;
const about = { id: 'VE1', service: 'VA', purpose: 'login', channel: 'sms', to: '+1********43' } as const;

function makeArrival(id: string, verificationId: string | undefined = about.id): Arrival {
  return { id, verificationId, channel: 'sms', to: '+12025550143', subject: undefined, text: 'Code 123456', code: '123456' };
}

function start(inbox: Inbox, id: string = about.id): void {
  const times = { expiresAt: new Date(T0 + 10 * MINUTE), resendAt: new Date(T0 + 2 * MINUTE) };
  inbox.hear({ name: 'started', event: { ...about, id, deliveryId: 'VL1', attemptsLeft: 5, ...times } });
}

function verificationOf(inbox: Inbox, id: string = about.id) {
  return inbox.content().verifications.find((verification) => verification.id === id);
}

describe('the inbox', () => {
  it('keeps messages and what held others back, oldest first', () => {
    const inbox = createInbox(() => T0);
    inbox.receive({ ...makeArrival('VL1'), subject: 'Your code', channel: 'email' });
    inbox.hear({
      name: 'refused',
      event: { service: 'VA', purpose: 'login', to: '+1********43', reason: 'guard_denied', rule: 'allowed_countries' },
    });
    const at = '2026-01-31T12:00:00.000Z';
    expect(inbox.content().items).toEqual([
      { ...makeArrival('VL1'), kind: 'message', at, subject: 'Your code', channel: 'email' },
      { kind: 'refusal', id: 'refusal-1', at, to: '+1********43', reason: 'guard_denied', rule: 'allowed_countries' },
    ]);
  });

  it('keeps the last hundred, and of verifications those that are shown', () => {
    const inbox = createInbox(() => T0);
    for (let index = 0; index < 300; index += 1) {
      start(inbox, `VE${index}`);
      inbox.receive(makeArrival(`VL${index}`, `VE${index}`));
    }
    const { items, verifications } = inbox.content();
    expect(items.map(({ id }) => id)).toEqual(Array.from({ length: 100 }, (_, index) => `VL${index + 200}`));
    expect(verifications.length).toBeLessThanOrEqual(200);
    expect(verificationOf(inbox, 'VE200')).toBeDefined();
    expect(verificationOf(inbox, 'VE0')).toBeUndefined();
  });

  it('says what becomes of a verification', () => {
    const inbox = createInbox(() => T0);
    start(inbox);
    const pending = { id: 'VE1', purpose: 'login', status: 'pending', attemptsLeft: 5, expiresAt: '2026-01-31T12:10:00.000Z' };
    expect(verificationOf(inbox)).toEqual({ ...pending, resendAt: '2026-01-31T12:02:00.000Z' });
    inbox.hear({ name: 'checked', event: { ...about, right: false, attemptsLeft: 4 } });
    expect(verificationOf(inbox)).toMatchObject({ status: 'pending', attemptsLeft: 4 });
    inbox.hear({ name: 'checked', event: { ...about, right: true, attemptsLeft: 0 } });
    expect(verificationOf(inbox)).toMatchObject({ status: 'pending', attemptsLeft: 4 });
    inbox.hear({ name: 'checked', event: { ...about, right: false, attemptsLeft: 0 } });
    expect(verificationOf(inbox)).toMatchObject({ status: 'max_attempts_reached', attemptsLeft: 0 });
  });

  it.each(['approved', 'canceled', 'expired'] as const)('says that one is %s', (name) => {
    const inbox = createInbox(() => T0);
    start(inbox);
    inbox.hear({ name, event: about });
    expect(verificationOf(inbox)).toMatchObject({ status: name, attemptsLeft: 0 });
  });

  it('tells each follower what is new, until it leaves', () => {
    const inbox = createInbox(() => T0);
    const [one, other]: [InboxNews[], InboxNews[]] = [[], []];
    inbox.follow((news) => one.push(news));
    const leave = inbox.follow((news) => other.push(news));
    start(inbox);
    inbox.receive(makeArrival('VL1'));
    leave();
    inbox.clear();
    expect(one.map(({ type }) => type)).toEqual(['verification', 'item', 'cleared']);
    expect(other.map(({ type }) => type)).toEqual(['verification', 'item']);
    expect(inbox.content().items).toEqual([]);
  });
});

import { type DestinationRecord, EMPTY_POOL, type Pool, type VerificationRecord } from '../../src/engine/record.ts';
import { decodeRecord, encodeRecord } from '../../src/engine/record-codec.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import type { Decide, Store } from '../../src/stores/store.ts';
import type { FakeClock } from '../../src/testing/fake-clock.ts';
import type { StoreHandle } from './player.ts';

/** Stores that break one rule on purpose: what they hand to a decision, or what they keep of it, is not what it should be. */

type Rewrite = (after: DestinationRecord, before: DestinationRecord | undefined, entries: readonly string[]) => DestinationRecord;
type Reread = (record: DestinationRecord, now: number) => DestinationRecord;

/** Keeps something else than what was decided. */
function keeping(rewrite: Rewrite): (store: Store) => Store {
  return wrapping((decide) => (current, now) => {
    const decision = decide(current, now);
    if (decision.next === undefined) return decision;
    const before = current === undefined ? undefined : decodeRecord(current);
    const after = rewrite(decodeRecord(decision.next.body), before, decision.entries?.map(({ type }) => type) ?? []);
    return { ...decision, next: { ...decision.next, body: encodeRecord(after) } };
  });
}

/** Lets decisions be made on something else than what was kept. */
function showing(reread: Reread): (store: Store) => Store {
  return wrapping((decide) => (current, now) => decide(current === undefined ? undefined : encodeRecord(reread(decodeRecord(current), now)), now));
}

function wrapping(change: <T>(decide: Decide<T>) => Decide<T>): (store: Store) => Store {
  return (store) => ({
    ...pass(store),
    update: (key, decide) => store.update(key, key.kind === 'destination' ? change(decide) : decide),
  });
}

/** The same store as a plain object. */
function pass(store: Store): Store {
  return {
    update: (key, decide) => store.update(key, decide),
    read: (key) => store.read(key),
    list: (...args) => store.list(...args),
    append: (entries) => store.append(entries),
    entries: (...args) => store.entries(...args),
    sweep: (limit) => store.sweep(limit),
    ping: () => store.ping(),
    close: () => store.close(),
    describe: () => store.describe(),
  };
}

const each = (record: DestinationRecord, change: (verification: VerificationRecord) => VerificationRecord): DestinationRecord => ({
  ...record,
  verifications: record.verifications.map(change),
});
const inPools = (record: DestinationRecord, change: (pool: Pool, who: string | undefined) => Pool): DestinationRecord => ({
  ...record,
  shared: change(record.shared, undefined),
  known: record.known.map((known) => ({ ...known, pool: change(known.pool, known.requester) })),
});
const earlier = (before: DestinationRecord | undefined, { entryId }: VerificationRecord) =>
  before?.verifications.find((verification) => verification.entryId === entryId);
const poolBefore = (before: DestinationRecord | undefined, who: string | undefined): Pool =>
  (who === undefined ? before?.shared : before?.known.find(({ requester }) => requester === who)?.pool) ?? EMPTY_POOL;
const isResent = (before: DestinationRecord | undefined, verification: VerificationRecord) =>
  verification.deliveries.length > (earlier(before, verification)?.deliveries.length ?? 0);

/** A guess is compared, and costs nothing. */
export const judgesWithoutCharging: (store: Store) => Store = keeping((after, before) => {
  const uncharged = inPools(after, (pool, who) => ({ ...pool, wrong: poolBefore(before, who).wrong, run: 0, disabled: false }));
  return each(uncharged, (verification) => ({ ...verification, wrong: 0 }));
});

/** A guess is charged to its verification, but not to the destination. */
export const forgetsWrongGuesses: (store: Store) => Store = keeping((after) => inPools(after, (pool) => ({ ...pool, wrong: [] })));

/** A run of wrong guesses never disables. */
export const forgetsRuns: (store: Store) => Store = keeping((after) => inPools(after, (pool) => ({ ...pool, run: 0, disabled: false })));

/** A resend gives its verification new guesses. */
export const resendReturnsGuesses: (store: Store) => Store = keeping((after, before) =>
  each(after, (verification) => (isResent(before, verification) ? { ...verification, wrong: 0 } : verification)),
);

/** A resend begins the budget of sends anew. */
export const resendReturnsSends: (store: Store) => Store = keeping((after, before) =>
  after.verifications.some((verification) => isResent(before, verification))
    ? inPools(after, (pool) => ({ ...pool, sends: pool.sends.slice(-1) }))
    : after,
);

/** Of the messages of a verification only the last is remembered. */
export const forgetsMessages: (store: Store) => Store = keeping((after) =>
  each(after, (verification) => ({ ...verification, deliveries: verification.deliveries.slice(-1) })),
);

/** An old code stays good after a resend has replaced it. */
export const keepsOldCodes: (store: Store) => Store = keeping((after, before) =>
  each(after, (verification) => ({
    ...verification,
    code: { ...verification.code, generation: earlier(before, verification)?.code.generation ?? 0 },
  })),
);

/** What was approved is forgotten. */
export const forgetsApprovals: (store: Store) => Store = keeping((after) => ({
  ...after,
  verifications: after.verifications.filter(({ state }) => state !== 'approved'),
}));

/** A send whose outcome nobody knows gives its rung and its slot back. */
export const unknownGivesBack: (store: Store) => Store = keeping(giveBackUnknown);

/** A refused send gives its rung and its slot back as often as it happens. */
export const forgetsReturned: (store: Store) => Store = keeping((after) => inPools(after, (pool) => ({ ...pool, returned: undefined })));

/** That a send was given back is remembered of its requester, and not of all who share the budgets. */
export const returnsToEach: (store: Store) => Store = keeping((after, before) =>
  after.verifications.length > (before?.verifications.length ?? 0)
    ? inPools(after, (pool) => (pool.returned?.by === after.verifications.at(-1)?.requester ? pool : { ...pool, returned: undefined }))
    : after,
);

/** Erasing a destination hands out fresh guesses or messages. */
export const eraseReturns = (what: 'wrong' | 'sends'): ((store: Store) => Store) =>
  keeping((after, _before, entries) => (entries.includes('erase') ? inPools(after, (pool) => ({ ...pool, [what]: [] })) : after));

/** The clock is believed also where it was set back. */
export const trustsTheClock: (store: Store) => Store = showing((record, now) => ({ ...record, time: { seen: now, clock: now } }));

/** The record's time runs a moment ahead of the clock. */
export const runsAhead: (store: Store) => Store = showing((record, now) => ({
  ...record,
  time: { seen: Math.max(record.time.seen, now + 5), clock: now },
}));

/** What has ended in this state may be guessed at again. */
export function revives(state: VerificationRecord['state']): (store: Store) => Store {
  const seals = new Map<string, string>();
  return showing((record) =>
    each(record, (verification) => {
      if (verification.sealed !== undefined) seals.set(verification.entryId, verification.sealed);
      if (verification.state !== state) return verification;
      return { ...verification, state: 'pending', endedAt: undefined, sealed: seals.get(verification.entryId) };
    }),
  );
}

/** A store whose users lose their ladders and budgets when they begin anew. */
export function forgetsOnRestart(clock: FakeClock): StoreHandle {
  const fresh = new Set<string>();
  let restarts = 0;
  const inner = createMemoryStore({ clock });
  const forgetting = showing((record) => inPools({ ...record, ladders: [] }, () => EMPTY_POOL));
  const forgetful = forgetting(inner);
  const update: Store['update'] = (key, decide) => {
    const name = `${restarts} ${key.id}`;
    const store = restarts === 0 || fresh.has(name) ? inner : forgetful;
    fresh.add(name);
    return store.update(key, decide);
  };
  const restart = async () => {
    restarts += 1;
  };
  const store = { ...pass(inner), update };
  return { store: () => store, restart, close: () => inner.close() };
}

function giveBackUnknown(after: DestinationRecord, before: DestinationRecord | undefined): DestinationRecord {
  let record = after;
  for (const verification of after.verifications) {
    const sending = earlier(before, verification)?.deliveries.find((delivery) => delivery.state === 'sending');
    const settled = verification.deliveries.find(({ id }) => id === sending?.id);
    if (sending === undefined || settled?.state !== 'unknown') continue;
    const others = record.ladders.filter(({ requester }) => requester !== (verification.requester ?? ''));
    const returned = sending.before === undefined ? [] : [sending.before];
    record = inPools({ ...record, ladders: [...others, ...returned] }, (pool) => ({ ...pool, sends: pool.sends.filter((at) => at !== sending.at) }));
  }
  return record;
}

// What doors.test.ts runs in processes of its own. It opens a SQLite file when it is told to, does as it is told, and sends what came of it. Plain
// JavaScript on what was built, since Node 20 does not run TypeScript.
import { createKeyRing } from '../../dist/core/keys.js';
import { createIdempotency } from '../../dist/engine/idempotency.js';
import { createRateLimiter } from '../../dist/engine/rate-limiter.js';
import { createSqliteStore } from '../../dist/stores/sqlite.js';

let store;
let limiter;
let idempotency;
/** Where the clocks stand still; undefined where they are the machine's. */
let time;

const turn = () => new Promise((resolve) => setImmediate(resolve));
const scopeOf = (key) => ({ tenant: 'VA1', route: 'POST /v1/verifications', key, body: 'the same body' });
/** Takes permits, so many in each turn of the event loop, for as long as it is told. Says how many there were, and between which times of the machine's clock. */
async function take(limit, perTurn, hasMore) {
  const from = Date.now();
  let allowed = 0;
  while (hasMore()) {
    const takes = Array.from({ length: perTurn }, () => limiter.take('key', 'the key', limit));
    for (const verdict of await Promise.all(takes)) if (verdict.allowed) allowed += 1;
    await turn();
  }
  return { allowed, from, until: Date.now() };
}

/** An effect that can be counted: the record of its key says how often it was there. */
const createWork = (key) => async () => {
  const record = { kind: 'effect', partition: '', id: key };
  const count = await store.update(record, (current) => {
    const next = Number(current ?? '0') + 1;
    return { result: next, next: { body: String(next), expiresAt: undefined } };
  });
  return { status: 201, body: { key, count } };
};

const ORDERS = {
  open(given) {
    time = given.time;
    store = createSqliteStore({ path: given.path, clock: { now: () => time ?? Date.now() } });
    const keys = createKeyRing({ secret: 'the same in every process of the test' });
    limiter = createRateLimiter({ store, keys, monotonic: () => time ?? performance.now() });
    idempotency = createIdempotency({ store, keys });
  },
  set(given) {
    time = given.time;
  },
  close: () => store?.close(),
  takeSoMany({ limit, perTurn, turns }) {
    let left = turns;
    return take(limit, perTurn, () => left-- > 0);
  },
  takeForSoLong({ limit, perTurn, milliseconds }) {
    const end = Date.now() + milliseconds;
    return take(limit, perTurn, () => Date.now() < end);
  },
  run: ({ keys }) => Promise.all(keys.map((key) => idempotency.run(scopeOf(key), createWork(key)))),
  /** Begins, and never ends. */
  begin: ({ key }) =>
    new Promise((resolve) => {
      void idempotency.run(scopeOf(key), async (attemptId) => {
        await createWork(key)();
        resolve(attemptId);
        return new Promise(() => {});
      });
    }),
};

process.on('message', async ({ order, ...given }) => {
  const answer = await ORDERS[order](given);
  process.send({ answer });
});
// Nobody is left to tell.
process.on('disconnect', () => process.exit());

// Whether PostgreSQL and Redis with a million live verifications are still as good as with a thousand: how `check` slows down against a bare update there.
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import type { Verifier } from '../src/engine/verifier.ts';
import { createPostgresStore, migratePostgres } from '../src/stores/postgres.ts';
import { createRedisStore } from '../src/stores/redis.ts';
import type { Store } from '../src/stores/store.ts';
import { createJudgedBodies, createStartedRows } from './lib/floor-rows.ts';
import { type Load, runLoad } from './lib/load.ts';
import { RedisFloor } from './lib/redis-floor.ts';
import { isQuick, type Row, writeReport } from './lib/report.ts';
import { shuffle } from './lib/shuffle.ts';
import { formatNumber, formatSpread, toSpread } from './lib/spread.ts';
import type { StoredRow } from './lib/sqlite-floor.ts';
import { checkGuess, createSubject, toGuess } from './lib/subject.ts';

const SMALL = 1_000;
const LARGE = isQuick ? 20_000 : 1_000_000;
const ROUNDS = isQuick ? 2 : 7;
/** Of each of the four, per round. The small set is made anew when one half of it was guessed at and the other half updated. */
const OPERATIONS = isQuick ? 500 : 2_000;
const CHUNK = 20_000;
const VERSION = '1.AAAAAAAA';
/** Filling takes minutes and a verification lives for ten. A record's time is the latest it has seen, so that all of them are as fresh as on their first day. */
const AHEAD = 3_600_000;

interface Sample {
  readonly id: string;
  readonly row: StoredRow;
}

/** Data of one size on a server. */
interface Data {
  readonly store: Store;
  readonly verifier: Verifier;
  /** Puts rows in. */
  fill(rows: readonly StoredRow[]): Promise<void>;
  /** The floor: one bare update. */
  update(row: StoredRow, body: string): Promise<void>;
  /** What so much data takes. The server has been given the time to look at it first. */
  bytes(): Promise<number>;
  empty(): Promise<void>;
  remove(): Promise<void>;
}

interface Round {
  readonly small: { readonly check: number; readonly floor: number };
  readonly large: { readonly check: number; readonly floor: number };
}

const now = Date.now() + AHEAD;
const bodies = await createJudgedBodies(now);
const rows: Row[] = [];
const data: Record<string, unknown> = {};
for (const [name, inFlight, open] of [
  ['PostgreSQL', 64, openPostgres],
  ['Redis', 32, openRedis],
] as const) {
  const [small, large] = [await open(0), await open(1)];
  try {
    const empty = await large.bytes();
    const samples = await fill(large, { first: 0, count: LARGE, wanted: (ROUNDS + 1) * 2 * OPERATIONS });
    const bytes = ((await large.bytes()) - empty) / LARGE;
    const rounds = await measureAll(small, large, samples, inFlight);
    rows.push(...toRows(name, rounds, bytes));
    data[name] = { rounds, bytes };
  } finally {
    for (const part of [small, large]) {
      await part.store.close();
      await part.remove();
    }
  }
}
const sizes = `${formatNumber(SMALL)} → ${formatNumber(LARGE)}`;
writeReport({
  name: 'server-growth',
  method: `Two sets of records on each server, over loopback: in two databases, with ${formatNumber(SMALL)} and with ${formatNumber(LARGE)} pending verifications, filled in bulk with what the engine makes of as many starts (PostgreSQL is vacuumed and analyzed after that). 64 callers in a closed loop on PostgreSQL, 32 on Redis. ${ROUNDS} rounds after one that warms up, of ${OPERATIONS} operations on each of the four in turn, in random order, half of the guesses right, none of a verification this process has in its memory. Figures are medians (least–most) over the rounds; a slow-down is operations per second on the small set by those on the large one, within one round, ${sizes}. The floor is one guarded update, or one script, by key, a call at a time. Bytes are those of the table with its indexes, and those that Redis says it uses, for each record.`,
  rows,
  data,
});

/** Puts records in, and hands some back, from all over them and in random order. */
async function fill(
  target: Data,
  { first, count, wanted }: { readonly first: number; readonly count: number; readonly wanted: number },
): Promise<Sample[]> {
  const samples: Sample[] = [];
  const every = Math.floor(count / wanted);
  for (let from = 0; from < count; from += CHUNK) {
    const made = await createStartedRows(first + from, Math.min(CHUNK, count - from), now);
    await target.fill(made.rows);
    for (const [index, row] of made.rows.entries()) {
      const id = made.ids[index];
      if (id !== undefined && (from + index) % every === 0 && samples.length < wanted) samples.push({ id, row });
    }
  }
  return shuffle(samples, first + count);
}

async function measureAll(small: Data, large: Data, samples: readonly Sample[], inFlight: number): Promise<Round[]> {
  const rounds: Round[] = [];
  // Other records each time: those of the last are still in the memory of the process that judged them.
  let next = 2_000_000;
  for (let round = 0; round <= ROUNDS; round += 1) {
    const parts: { check: Load; floor: Load }[] = [];
    for (let done = 0; done < OPERATIONS; done += SMALL / 2) {
      await small.empty();
      const few = await fill(small, { first: next, count: SMALL, wanted: SMALL });
      await small.bytes();
      parts.push(await measure(small, few, round, inFlight));
      next += SMALL;
    }
    const first = round * 2 * OPERATIONS;
    const whole = await measure(large, samples.slice(first, first + 2 * OPERATIONS), round, inFlight);
    if (round === 0) continue;
    rounds.push({
      small: { check: toRate(parts.map(({ check }) => check)), floor: toRate(parts.map(({ floor }) => floor)) },
      large: { check: whole.check.opsPerSecond, floor: whole.floor.opsPerSecond },
    });
  }
  return rounds;
}

/** Guesses at one half, and updates the other; in odd rounds first. */
async function measure(target: Data, samples: readonly Sample[], round: number, inFlight: number): Promise<{ check: Load; floor: Load }> {
  const [guessed, updated] = [samples.slice(0, samples.length / 2), samples.slice(samples.length / 2)];
  const { verifier } = target;
  const guesses = guessed.map(({ id }, index) => toGuess(id, index % 2 === 0));
  const runCheck = () => runLoad(guesses.length, inFlight, (index) => checkGuess(verifier, guesses[index] as (typeof guesses)[number]));
  const runFloor = () => runLoad(updated.length, inFlight, (index) => target.update((updated[index] as Sample).row, bodies[index % 2] as string));
  if (round % 2 === 0) return { check: await runCheck(), floor: await runFloor() };
  const floor = await runFloor();
  return { floor, check: await runCheck() };
}

function toRate(loads: readonly Load[]): number {
  return loads.length / loads.reduce((sum, { opsPerSecond }) => sum + 1 / opsPerSecond, 0);
}

function toRows(name: string, rounds: readonly Round[], bytes: number): Row[] {
  const slowdown = (of: keyof Round['small']) => rounds.map(({ small, large }) => small[of] / large[of]);
  const floors = slowdown('floor');
  const relative = toSpread(slowdown('check').map((check, round) => check / (floors[round] as number)));
  const rate = (size: keyof Round, of: keyof Round['small']) => formatSpread(toSpread(rounds.map((round) => round[size][of])));
  return [
    {
      what: `${name}: slow-down of \`check\`, by that of the floor`,
      measured: formatSpread(relative, 2),
      target: { text: '≤ 1.25', met: relative.median <= 1.25 },
    },
    { what: `${name}: slow-down of \`check\``, measured: formatSpread(toSpread(slowdown('check')), 2) },
    { what: `${name}: slow-down of the floor`, measured: formatSpread(toSpread(floors), 2) },
    { what: `${name}: \`check\` per second, small; large`, measured: `${rate('small', 'check')}; ${rate('large', 'check')}` },
    { what: `${name}: floor per second, small; large`, measured: `${rate('small', 'floor')}; ${rate('large', 'floor')}` },
    { what: `${name}: bytes per live verification, large`, measured: formatNumber(bytes) },
  ];
}

async function openPostgres(): Promise<Data> {
  const address = process.env.COUNTERSIGN_TEST_POSTGRES_URL ?? 'postgres://postgres@127.0.0.1:5432/test';
  const name = `countersign_bench_${randomBytes(4).toString('hex')}`;
  const admin = new pg.Client({ connectionString: address });
  await admin.connect();
  await admin.query(`CREATE DATABASE ${name} ENCODING 'UTF8' TEMPLATE template0`);
  const url = Object.assign(new URL(address), { pathname: `/${name}` }).href;
  await migratePostgres({ url });
  const pool = new pg.Pool({ connectionString: url, max: 10 });
  pool.on('error', () => undefined);
  const store = createPostgresStore({ url });
  return {
    store,
    verifier: createSubject(store),
    async fill(all) {
      for (let from = 0; from < all.length; from += 1_000) {
        const part = all.slice(from, from + 1_000);
        const columns = [part.map(({ key }) => key.id), part.map(({ body }) => body), part.map(({ expiresAt }) => expiresAt)];
        await pool.query(
          `INSERT INTO countersign_records (kind, partition, id, version, body, expires_at)
           SELECT 'destination', '', i, '${VERSION}', b, e FROM unnest($1::text[], $2::text[], $3::bigint[]) AS t (i, b, e)`,
          columns,
        );
      }
    },
    async update({ key }, body) {
      const { rowCount } = await pool.query({
        name: 'floor',
        text: `UPDATE countersign_records SET version = '2.AAAAAAAA ${VERSION}', body = $2
               WHERE kind = 'destination' AND partition = '' AND id = $1 AND version = '${VERSION}' RETURNING version`,
        values: [key.id, body],
      });
      if (rowCount !== 1) throw new Error('the floor missed a row');
    },
    async bytes() {
      await pool.query('VACUUM ANALYZE countersign_records');
      const { rows: sizes } = await pool.query(`SELECT pg_total_relation_size('countersign_records')::float8 AS bytes`);
      return (sizes[0] as { bytes: number }).bytes;
    },
    async empty() {
      await pool.query('TRUNCATE countersign_records');
    },
    async remove() {
      await pool.end();
      await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
      await admin.end();
    },
  };
}

/** @param database its number on the server: each has a table of keys of its own. */
async function openRedis(database: number): Promise<Data> {
  const address = process.env.COUNTERSIGN_TEST_REDIS_URL ?? 'redis://127.0.0.1:6379';
  const url = Object.assign(new URL(address), { pathname: `/${database}` }).href;
  const prefix = `countersign-bench-${randomBytes(4).toString('hex')}:`;
  const floor = new RedisFloor(url, `${prefix}destination::`);
  const store = createRedisStore({ url, prefix, acknowledge: ['eviction', 'no_append_only_file'] });
  return {
    store,
    verifier: createSubject(store),
    fill: (all) => floor.fill(new Map(all.map(({ key, body }) => [key.id, `${VERSION}\n${body}`]))),
    update: ({ key }, body) => floor.replace(key.id, VERSION, `2.AAAAAAAA ${VERSION}\n${body}`),
    bytes: () => floor.usedMemory(),
    empty: () => floor.remove(prefix),
    async remove() {
      await floor.remove(prefix);
      floor.close();
    },
  };
}

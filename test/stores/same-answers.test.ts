import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Clock } from '../../src/core/clock.ts';
import type { Limits } from '../../src/engine/limits.ts';
import { createRedisStore } from '../../src/stores/redis.ts';
import { createSqliteStore } from '../../src/stores/sqlite.ts';
import type { Store } from '../../src/stores/store.ts';
import type { FakeClock } from '../../src/testing/fake-clock.ts';
import { type Command, history, smallLimits } from '../model/commands.ts';
import { onMemory, playHistory } from '../model/histories.ts';
import type { Played, Setting, StoreHandle } from '../model/player.ts';
import { hasRedisServer, hasSharedRedis, newPrefix, type RedisClusterProcesses, removeKeys, SHARED_URL, startRedisCluster } from './redis-servers.ts';
import { describeOn, emptyTables, MYSQL, POSTGRES, useDatabase } from './sql-servers.ts';

/** A failure names it, and is shrunk: the same calls one after the other come to the same. */
const SEED = Number(process.env.COUNTERSIGN_SEED ?? 20_260_115);
const HISTORIES = 25;
const LENGTH = 50;
/** Long enough for a failure to be shrunk. */
const TIMEOUT = 180_000;

/** Opens fresh data for one history; a restart opens another handle on it. */
type OpenData = (clock: Clock) => Promise<{ connect(): Store; remove(): Promise<void> }>;

/** Plays histories in memory and on another store, call by call the same, with a clock that is moved by days and years, and set back. */
async function expectSameAnswers(open: OpenData): Promise<void> {
  let [calls, span] = [0, 0];
  const property = fc.asyncProperty(smallLimits, history(LENGTH), async (limits, commands) => {
    // A store may keep a record for longer than another; then somebody hears that a verification has expired, late.
    const calm = commands.filter((command) => command.do !== 'sweep');
    const inMemory = await play(calm, limits, onMemory());
    const elsewhere = await playOn(open, calm, limits);
    expect(elsewhere).toEqual(inMemory);
    calls += inMemory.length;
    span += calm.reduce((sum, command) => sum + (command.do === 'forward' ? command.by : 0), 0);
  });
  await fc.assert(property, { seed: SEED, numRuns: HISTORIES });
  // Of an idle generator every store would say the same.
  expect(calls).toBeGreaterThan(HISTORIES * 10);
  expect(span / 86_400_000).toBeGreaterThan(100);
}

function play(commands: readonly Command[], limits: Limits, openStore: Setting['openStore']): Promise<Played[]> {
  return playHistory(commands, { limits, openStore, probes: false });
}

async function playOn(open: OpenData, commands: readonly Command[], limits: Limits): Promise<Played[]> {
  // The player makes its clock, and the data is there by then: it goes by that one.
  let clock: FakeClock | undefined;
  const data = await open({ now: () => clock?.now() ?? 0 });
  const toHandle = (own: FakeClock): StoreHandle => {
    clock = own;
    let store = data.connect();
    const restart = async () => {
      await store.close();
      store = data.connect();
    };
    return { store: () => store, restart, close: () => store.close() };
  };
  try {
    return await play(commands, limits, toHandle);
  } finally {
    await data.remove();
  }
}

/** Tries a store; `open` makes data of its own for each history. */
function itAnswersTheSame(open: OpenData): void {
  it(
    'I20: the same calls get the same answers as in memory, over restarts, years and clocks that are set back',
    () => expectSameAnswers(open),
    TIMEOUT,
  );
}

describe('SQLite', () => {
  itAnswersTheSame(async (clock) => {
    const folder = mkdtempSync(join(tmpdir(), 'countersign-same-'));
    return {
      connect: () => createSqliteStore({ path: join(folder, 'data.db'), clock }),
      remove: async () => rmSync(folder, { recursive: true }),
    };
  });
});

for (const server of [POSTGRES, MYSQL]) {
  await describeOn(server, server.name, () => {
    const database = useDatabase(server);
    itAnswersTheSame(async (clock) => ({
      connect: () => server.createStore({ url: database.url, poolSize: 2, clock }),
      remove: () => emptyTables(server, database.url),
    }));
  });
}

describe.runIf(await hasSharedRedis())('Redis', () => {
  itAnswersTheSame(async (clock) => {
    const prefix = newPrefix();
    return {
      connect: () => createRedisStore({ url: SHARED_URL, prefix, acknowledge: ['eviction', 'no_append_only_file'], clock }),
      remove: () => removeKeys(SHARED_URL, prefix),
    };
  });
});

describe.runIf(hasRedisServer())('Redis Cluster', () => {
  let cluster: RedisClusterProcesses;
  beforeAll(async () => {
    cluster = await startRedisCluster();
  });
  afterAll(() => cluster?.remove());

  itAnswersTheSame(async (clock) => {
    const prefix = newPrefix();
    return { connect: () => createRedisStore({ url: cluster.urls.slice(0, 2), prefix, clock }), remove: async () => undefined };
  });
});

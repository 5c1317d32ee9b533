import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as scripts from '../../src/stores/redis/scripts.ts';
import { createRedisStore, type RedisClient } from '../../src/stores/redis.ts';
import { runStoreSuite } from './collecting-runner.ts';
import { hasRedisServer, newPrefix, type RedisProcess, startRedis } from './redis-servers.ts';
import { keyOf, put } from './store-behaviour.ts';

type Call = RedisClient['call'];

const SOURCES = new Map(Object.values(scripts).flatMap((script) => (typeof script === 'object' ? [[script.sha, script.source] as const] : [])));

/** Replaces a part of a script that has to be there. */
const edit = (from: string, to: string) => (source: string) => {
  if (source === scripts.WRITE.source && !source.includes(from)) throw new Error(`the script has no "${from}" to break`);
  return source.replace(from, to);
};

/** A client on which scripts say what somebody once would have written. */
const withScripts = (change: (source: string) => string) => (call: Call) => {
  const broken: Call = (command, ...args) =>
    command === 'evalsha' ? call('eval', change(SOURCES.get(args[0] ?? '') ?? ''), ...args.slice(1)) : call(command, ...args);
  return broken;
};

/** Reads from a replica that is one read behind. */
function readsLate(call: Call): Call {
  const before = new Map<string, unknown>();
  return async (command, ...args) => {
    const reply = await call(command, ...args);
    if (command === 'ping' || args[0] !== scripts.READ.sha) return reply;
    const late = before.get(args[2] ?? '') ?? reply;
    before.set(args[2] ?? '', reply);
    return late;
  };
}

/** Has versions that count, and nothing more. */
function countsOnly(call: Call): Call {
  const plain = (text: string) => text.replace(/(?<=^| )([0-9a-z]+)\.[\w-]{8}/g, '$1.AAAAAAAA');
  return (command, ...args) =>
    args[0] === scripts.WRITE.sha ? call(command, ...args.map((arg, at) => (at === 3 || at === 4 ? plain(arg) : arg))) : call(command, ...args);
}

/** What may break where two race. Which of two comes first is for the server to say, so not all of them do in every run. */
const RACES = [
  'No update is lost: of 200 made at the same time by two processes all 200 are counted, each once',
  'A record is begun once, however many calls find it missing at the same time',
  'A write and its journal entries are one: each is there once when the write was answered',
  'I3: of a thousand guesses made at the same time at one code, five are judged and the others are refused',
  'I5: of 200 starts for one requester at the same time exactly one sends a message',
  'I5: of 200 starts without a requester at the same time exactly one sends a message',
  'I5: no message leaves a millisecond before its wait is over, and one does when it is: 2, 5 and 15 minutes, a day, and again 2 minutes',
  "I5: without a requester the waits are 2, 5, 15 and 15 minutes: a stranger does not send an owner into a day's wait",
];

const BROKEN: [string, (call: Call) => Call, string[]][] = [
  ['does not compare the version', withScripts(edit('current ~= ARGV[1] or ', '')), RACES],
  [
    'compares no version where it takes the record for absent',
    withScripts(edit('current ~= ARGV[1] or ', "(ARGV[1] ~= '' and current ~= ARGV[1]) or ")),
    RACES,
  ],
  [
    'writes however late it is',
    withScripts(edit('math.abs(now - ARGV[5]) > 5000', 'false')),
    ['I8: a decision that was held up for more than five seconds is made again at the time it is then, never applied late'],
  ],
  [
    'deletes what is written short',
    withScripts(
      edit(
        "if ARGV[4] == '' then",
        "if redis.call('STRLEN', key) - #current > 2 * #ARGV[3] then\n  redis.call('DEL', key)\nelseif ARGV[4] == '' then",
      ),
    ),
    [
      'A record written shorter is still a record: nothing but its expiry removes one',
      'I3: an operator who erases a destination hands out no fresh guesses',
    ],
  ],
  ['reads what was there a read ago', readsLate, ['A refusal rests on the latest write, also when another process made it a moment ago']],
];

describe.runIf(hasRedisServer())('the suite, on a Redis store that', () => {
  let server: RedisProcess;
  let redis: Redis;
  beforeAll(async () => {
    server = await startRedis('--appendfsync', 'no');
    redis = new Redis(server.url);
  });
  afterAll(async () => {
    redis?.disconnect();
    await server?.remove();
  });

  /** A store on a client that is broken. All share one connection, on which two handles take turns: so they race. */
  function open(breakCall: (call: Call) => Call, prefix: string, clock?: { now(): number }) {
    return createRedisStore({ client: { call: breakCall((command, ...args) => redis.call(command, ...args)) }, prefix, ...(clock && { clock }) });
  }

  it('is as it should be passes', async () => {
    const { failed } = await runStoreSuite(
      ({ clock }) => {
        const prefix = newPrefix();
        return { connect: () => open((call) => call, prefix, clock) };
      },
      { sweep: false },
    );
    expect(failed).toEqual([]);
  });

  it.each(BROKEN)('%s fails, by name', async (_, breakCall, breaks) => {
    const { failed } = await runStoreSuite(
      ({ clock }) => {
        const prefix = newPrefix();
        return { connect: () => open(breakCall, prefix, clock) };
      },
      { sweep: false },
    );
    const titles = failed.map(({ title }) => title);
    if (breaks === RACES) expect(titles.filter((title) => RACES.includes(title)).length).toBeGreaterThanOrEqual(3);
    else expect(titles).toEqual(expect.arrayContaining(breaks));
  });

  it.each([
    ['has our versions keeps', (call: Call) => call, 'blocked by an operator'],
    ['has versions that only count loses', countsOnly, 'written by who remembers the lost time'],
  ])('%s an operator’s block after a fail-over that lost a write', async (_, breakCall, expected) => {
    const prefix = newPrefix();
    const [first, second] = [open(breakCall, prefix), open(breakCall, prefix)];
    await first.update(keyOf('a'), put('old'));
    const dump = (await server.control.dumpBuffer(`${prefix}test::a`)) as Buffer;
    await first.update(keyOf('a'), put('lost'));
    await server.control.restore(`${prefix}test::a`, 0, dump, 'REPLACE');
    await second.update(keyOf('a'), put('blocked by an operator'));
    await first.update(keyOf('a'), (current = '') => ({
      result: undefined,
      next: { body: current.startsWith('blocked') ? current : 'written by who remembers the lost time', expiresAt: undefined },
    }));
    expect((await second.read(keyOf('a'))).body).toBe(expected);
    await Promise.all([first.close(), second.close()]);
  });
});

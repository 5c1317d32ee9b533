// What sqlite-processes.test.ts runs in processes of its own: `sqlite-child.js <task> <path> <argument>`. Plain JavaScript on what was built, since
// Node 20 does not run TypeScript. A task that takes part in a race says "ready", and begins when it is told "go".
import { rmSync, writeFileSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createSqliteStore } from '../../dist/stores/sqlite.js';
import { loadSqliteDriver } from '../../dist/stores/sqlite-driver.js';

const [task = '', path = '', argument = ''] = process.argv.slice(2);
const keyOf = (id) => ({ kind: 'test', partition: '', id });
const increment = (current) => {
  const count = Number(current ?? '0') + 1;
  return { result: count, next: { body: String(count), expiresAt: undefined } };
};
const send = (message) => new Promise((resolve) => process.send(message, resolve));
const told = (word) =>
  new Promise((resolve) => {
    const listen = (message) => {
      if (message !== word) return;
      process.off('message', listen);
      resolve();
    };
    process.on('message', listen);
  });
/** Begins together with the other processes of the test. */
const atOnce = async (work) => {
  const going = told('go');
  await send('ready');
  await going;
  await send(await work());
};

const TASKS = {
  /** Counts one record up `argument` times, 8 calls under way at a time. Sends every count it was answered. */
  async increment() {
    const store = createSqliteStore({ path });
    const counts = [];
    let left = Number(argument);
    const worker = async () => {
      while (left-- > 0) counts.push(await store.update(keyOf('shared'), increment));
    };
    await atOnce(async () => {
      await Promise.all(Array.from({ length: 8 }, worker));
      return counts;
    });
    await store.close();
  },

  /** Makes `argument` records where they are not there yet, all at once. Sends the ids of those it made. */
  async insert() {
    const store = createSqliteStore({ path });
    const insert = (current) => (current === undefined ? { result: true, next: { body: String(process.pid) } } : { result: false });
    await atOnce(async () => {
      const made = await Promise.all(Array.from({ length: Number(argument) }, (_, id) => store.update(keyOf(`fresh ${id}`), insert)));
      return made.flatMap((isMade, id) => (isMade ? [id] : []));
    });
    await store.close();
  },

  /** Opens a file at the same moment as others, and counts a record up. */
  async open() {
    await atOnce(async () => {
      const store = createSqliteStore({ path });
      const count = await store.update(keyOf('shared'), increment);
      await store.close();
      return count;
    });
  },

  /** Holds the write lock until it is told "release". */
  async hold() {
    const { DatabaseSync } = loadSqliteDriver();
    const database = new DatabaseSync(path);
    database.exec('BEGIN IMMEDIATE');
    const released = told('release');
    await send('held');
    await released;
    database.exec('COMMIT');
    database.close();
  },

  /** Counts four records up until it is killed, and writes "<record> <count>" once it was answered. */
  async load() {
    const store = createSqliteStore({ path });
    const worker = async (_, index) => {
      for (;;) writeSync(1, `${index % 4} ${await store.update(keyOf(`counter ${index % 4}`), increment)}\n`);
    };
    await Promise.all(Array.from({ length: 16 }, worker));
  },

  /** Ten groups of eight calls; writes "answered" after each. */
  async groups() {
    const store = createSqliteStore({ path });
    for (let group = 0; group < 10; group += 1) {
      await Promise.all(Array.from({ length: 8 }, (_, index) => store.update(keyOf(`r${index}`), increment)));
      writeSync(1, 'answered\n');
    }
    writeSync(1, 'pinging\n');
    await store.ping();
    writeSync(1, 'pinged\n');
    await store.close();
  },

  /**
   * Writes until the disk takes no more, has room made, and goes on. Sends what failed and what was answered; last, what the records say.
   * Room is made by whoever is told "full", or here where a file `ballast` takes it.
   */
  async fill() {
    const store = createSqliteStore({ path });
    const answered = Array(4).fill(0);
    const errors = [];
    const step = async (_, index) => {
      const padding = 'x'.repeat(20_000);
      try {
        const grow = (current) => {
          const count = Number.parseInt(current ?? '0', 10) + 1;
          return { result: count, next: { body: `${count} ${padding}` } };
        };
        answered[index] = await store.update(keyOf(`counter ${index}`), grow);
      } catch (error) {
        errors.push({ code: error.code, cause: error.cause?.code });
      }
    };
    for (let round = 0; round < 500 && errors.length < 20; round += 1) await Promise.all(answered.map(step));
    const before = [...answered];
    const stored = async () => Promise.all(before.map(async (_, index) => Number.parseInt((await store.read(keyOf(`counter ${index}`))).body, 10)));
    const whileFull = await stored();
    const roomMade = told('room');
    if (argument) rmSync(join(dirname(path), argument));
    await send({ errors, answered: before, stored: whileFull });
    await roomMade;
    errors.length = 0;
    for (let round = 0; round < 10; round += 1) await Promise.all(answered.map(step));
    await send({ errors, answered, stored: await stored() });
    await store.close();
  },

  /** Tries to open a file as somebody who is not root, and sends how that ended. */
  async open_as_nobody() {
    loadSqliteDriver();
    if (process.getuid() === 0) process.setuid(65_534);
    try {
      const store = createSqliteStore({ path });
      await store.update(keyOf('a'), increment);
      await store.close();
      await send({ code: 'opened' });
    } catch (error) {
      await send({ code: error.code, message: error.message });
    }
  },
};

if (task === 'fill' && argument) writeFileSync(join(dirname(path), argument), 'x'.repeat(600_000));
await TASKS[task]();
process.disconnect?.();

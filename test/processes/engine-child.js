// What the tests of this folder run in processes of their own. It opens a store when it is told to, makes the calls it is told to make, and
// tells what it was answered, what it was given to send and what was committed, each before it goes on. Plain JavaScript on what was built, since
// Node 20 does not run TypeScript.
import { createSelfIssuedProvider, createVerifier } from '../../dist/index.js';
import { createMysqlStore } from '../../dist/stores/mysql.js';
import { createPostgresStore } from '../../dist/stores/postgres.js';
import { createSqliteStore } from '../../dist/stores/sqlite.js';

let store;
let verifier;
/** Where the clock stands still; undefined where it is the machine's. */
let time;
let held = [];

/** Resolves when the message has left this process: what is told survives a kill -9. */
const tell = (message) => new Promise((resolve) => process.send(message, () => resolve()));
const done = () => tell({ isDone: true });

/** @param isSilent whether it hands a message over and never says so. */
const createSender = (isSilent) => ({
  name: 'parent',
  channels: ['sms'],
  async send({ to, code, deliveryId }) {
    await tell({ sent: { to: to.reveal(), code: code.reveal(), deliveryId } });
    return isSilent ? new Promise(() => {}) : { status: 'sent' };
  },
});

/** The store that an address is for, or a path. A server goes by its own clock unless it is told to stand still. */
function createStore({ path, url, time: given }) {
  const clock = { now: () => time ?? Date.now() };
  if (url === undefined) return createSqliteStore({ path, clock });
  const create = url.startsWith('postgres') ? createPostgresStore : createMysqlStore;
  return create({ url, poolSize: 4, ...(given !== undefined && { clock }) });
}

async function makeCall({ no, method, input }) {
  try {
    // A proof does not pass between processes, as its destination does not print itself; that there is one is told by the status.
    const { proof, ...answer } = await verifier[method](input);
    await tell({ no, answer });
  } catch (error) {
    await tell({ no, error: `${error.code}: ${error.message}` });
  }
}

const ORDERS = {
  open({ limits, isSilent, ...given }) {
    ({ time } = given);
    store = createStore(given);
    const provider = createSelfIssuedProvider({ senders: [createSender(isSilent)] });
    verifier = createVerifier({ secret: 'the same in every process of the test', store, provider, limits });
    verifier.on('started', ({ id, deliveryId }) => tell({ started: { id, deliveryId } }));
    verifier.on('checked', ({ id, right }) => tell({ checked: { id, right } }));
    return done();
  },
  async close() {
    await store?.close();
    return done();
  },
  set(given) {
    ({ time } = given);
  },
  call: ({ call }) => makeCall(call),
  hold({ calls }) {
    held = calls;
    return done();
  },
  /** Makes the calls that are held, all at once, or so many in each turn of the event loop. */
  async go({ perTurn = held.length }) {
    const calls = held;
    for (let at = 0; at < calls.length; at += perTurn) {
      for (const call of calls.slice(at, at + perTurn)) void makeCall(call);
      await new Promise((resolve) => setImmediate(resolve));
    }
  },
};

process.on('message', ({ order, ...given }) => void ORDERS[order](given));
// Nobody is left to tell.
process.on('disconnect', () => process.exit());

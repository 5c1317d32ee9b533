// What redis-processes.test.ts runs in processes of its own: `redis-child.js <settings as JSON>`. It has an engine on a Redis store; told a number, a
// method and inputs it makes the calls, all in one go, and sends what they were answered, what its sender was handed and what was judged. Plain
// JavaScript on what was built, since Node 20 does not run TypeScript.
import { createSelfIssuedProvider, createVerifier } from '../../dist/index.js';
import { createRedisStore } from '../../dist/stores/redis.js';

const { limits, ...settings } = JSON.parse(process.argv[2]);
const store = createRedisStore(settings);
let messages = [];
let judged = { right: 0, wrong: 0 };
const sender = {
  name: 'child',
  channels: ['sms'],
  async send({ to, code }) {
    messages.push({ to: to.reveal(), code: code.reveal() });
    return { status: 'sent' };
  },
};
const provider = createSelfIssuedProvider({ senders: [sender] });
const verifier = createVerifier({ secret: 'the same in every process of the test', store, provider, limits });
verifier.on('checked', ({ right }) => {
  judged[right ? 'right' : 'wrong'] += 1;
});

async function call(method, input) {
  try {
    // A proof does not pass between processes, as its destination does not print itself.
    const { proof, ...answer } = await verifier[method](input);
    return answer;
  } catch (error) {
    return { status: `${error.code}: ${error.message}` };
  }
}

process.on('message', async ({ method, inputs }) => {
  if (method === 'close') {
    await store.close();
    process.disconnect();
    return;
  }
  const answers = await Promise.all(inputs.map((input) => call(method, input)));
  process.send({ answers, messages, judged });
  [messages, judged] = [[], { right: 0, wrong: 0 }];
});
await store.ping();
process.send('ready');

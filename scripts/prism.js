// The lie this prevents: "Twilio takes what we send, for our own endpoint took it". That one was written here; Prism was not, and reads Twilio's document.
// npx fetches it; it is seen to refuse what is wrong, and then asked what the provider asks. Fields that it would pass over unknown fail as well.
// Seen to fail: a provider that sent `Status=cancelled`, one with an option that the SDK drops, an SDK that sent `Tag` for `Tags`; npx without a
// network; a Prism that ended at once.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { isDeepStrictEqual } from 'node:util';
import { Destination } from '../dist/core/destination.js';
import { Secret } from '../dist/core/secret.js';
import { createTwilioVerifyProvider } from '../dist/providers/twilio-verify.js';

const PRISM = '@stoplight/prism-cli@5.14.2';
/** How long npx may fetch, and Prism read half a megabyte. */
const PATIENCE = 120_000;
/** Those of the document's examples: the provider believes only an answer about what it asked. */
const [NUMBER, VERIFICATION] = ['+15017122661', `VE${'a'.repeat(32)}`];
const [ACCOUNT, SERVICE] = [`AC${'0'.repeat(32)}`, `VA${'a'.repeat(32)}`];

class Failure extends Error {}

/** Where npx put Prism: run from there it is a child of our own, and ends when it is told to. */
function fetchPrism() {
  try {
    // Its telemetry asks for this name.
    const env = { ...process.env, SCARF_ANALYTICS: 'false' };
    const args = ['--yes', `--package=${PRISM}`, '-c', 'node -p "require.resolve(process.argv[1])" "$(command -v prism)"'];
    return execFileSync('npx', args, { env, encoding: 'utf8', timeout: PATIENCE, stdio: ['ignore', 'pipe', 'pipe'] }).trim();
  } catch (error) {
    const said = String(error.stderr ?? '').match(/npm (?:error|ERR!) (?:code )?(\w+)/)?.[1] ?? error.code ?? 'no answer in time';
    throw new Failure(`npx cannot fetch ${PRISM} (${said}): this needs npm's registry, and was not tried without it`);
  }
}

/** Twilio's document with two faults mended: lists in forms are repeated fields, and `nullable` beside no type makes a validator check nothing. */
function mend(part) {
  if (Array.isArray(part)) return part.map(mend);
  if (typeof part !== 'object' || part === null) return part;
  const { nullable, ...rest } = Object.fromEntries(Object.entries(part).map(([name, value]) => [name, mend(value)]));
  const form = rest['application/x-www-form-urlencoded'];
  if (form?.schema?.properties) {
    const lists = Object.entries(form.schema.properties).filter(([, { type }]) => type === 'array');
    form.encoding = Object.fromEntries(lists.map(([name]) => [name, { style: 'form', explode: true }]));
  }
  return nullable === undefined || (nullable === true && !('type' in rest)) ? rest : { ...rest, nullable };
}

/** Starts Prism and resolves when it listens. */
async function startPrism(file, document) {
  const port = await findPort();
  const child = spawn(process.execPath, [file, 'mock', '-h', '127.0.0.1', '-p', String(port), document], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  const listens = new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Failure(`Prism does not listen after ${PATIENCE / 1000} s`)), PATIENCE);
    child.once('exit', (code) => reject(new Failure(`Prism ended with ${code} before it listened:\n${said}`)));
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (text) => {
        if (said.includes('Prism is listening')) return;
        said += text;
        if (said.includes('Prism is listening')) resolve(clearTimeout(timer));
      });
    }
  });
  return { child, port, listens };
}

async function findPort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** The fields that the document lists for a form, by what its path has to match. */
function readForms({ paths }) {
  return Object.entries(paths).map(([path, { post }]) => {
    const { schema } = post?.requestBody?.content['application/x-www-form-urlencoded'] ?? {};
    return [new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}$`), Object.keys(schema?.properties ?? {})];
  });
}

/** Hands every request on to Prism, with what is in `prefer`: the SDK has no way to say which of the documented answers it would like. */
async function startGate(port, forms) {
  const gate = { prefer: undefined, statuses: [], fields: [], unknown: [], url: '' };
  const server = createServer(async (incoming, response) => {
    const form = await text(incoming);
    const known = forms.find(([path]) => path.test(incoming.url))?.[1] ?? [];
    gate.fields = [...new URLSearchParams(form).keys()];
    gate.unknown.push(...gate.fields.filter((name) => !known.includes(name)));
    const headers = { ...incoming.headers, ...(gate.prefer && { prefer: gate.prefer }) };
    const onward = request({ host: '127.0.0.1', port, method: incoming.method, path: incoming.url, headers }, (answer) => {
      gate.statuses.push(answer.statusCode);
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    onward.end(form);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  gate.url = `http://127.0.0.1:${server.address().port}`;
  gate.close = () => {
    server.close();
    server.closeAllConnections();
  };
  return gate;
}

/** Ensure that Prism looks: what is wrong has to be refused, or what is right proves nothing. */
async function seeItRefuse(gate) {
  const path = `${gate.url}/v2/Services/${SERVICE}`;
  const wrong = [
    ['a create without a number', `${path}/Verifications`, { Channel: 'sms' }],
    ['a template that is no id of one', `${path}/Verifications`, { To: NUMBER, Channel: 'sms', TemplateSid: 'spring' }],
    ['a cancel that is spelt in another way', `${path}/Verifications/${VERIFICATION}`, { Status: 'cancelled' }],
    ['a check of something that is no verification', `${path}/VerificationCheck`, { Code: '123456', VerificationSid: 'VE1' }],
  ];
  for (const [what, url, form] of wrong) {
    const { status } = await fetch(url, { method: 'POST', body: new URLSearchParams(form), headers: { authorization: 'Basic eDp5' } });
    expect(`refuses ${what}`, status, 422);
  }
}

/** What the provider asks Twilio, and what it has to make of the answers. */
async function askAsTheProviderDoes(gate) {
  const answers = [];
  const provider = createTwilioVerifyProvider({
    accountSid: ACCOUNT,
    authToken: 'a-token',
    serviceSid: SERVICE,
    baseUrl: gate.url,
    onAnswer: (answer) => answers.push(answer),
  });
  const to = new Destination(NUMBER, '+1…61');
  const send = (channel, options) => provider.send({ to, channel, options, verificationId: 'VE', deliveryId: 'VL' });
  const sent = { status: 'sent', sender: 'twilio_verify', reference: VERIFICATION };
  const each = {
    locale: 'de',
    rateLimits: { end_user_ip: '203.0.113.7' },
    customFriendlyName: 'Example',
    deviceIp: '2001:db8::7',
    riskCheck: 'disable',
    tags: { campaign: 'spring' },
  };
  for (const channel of ['sms', 'call', 'whatsapp']) expect(`sends by ${channel}`, await send(channel), sent);
  for (const [name, value] of Object.entries(each)) {
    expect(`sends with ${name}`, await send('sms', { [name]: value }), sent);
    // The SDK leaves out, without a word, what it does not know.
    expect(`and that arrives: ${name}`, gate.fields.sort(), ['Channel', 'To', name[0].toUpperCase() + name.slice(1)].sort());
  }
  expect('sends with all of them', await send('sms', each), sent);
  gate.prefer = 'example=createVerificationEmail';
  const address = { to: new Destination('mail@email.com', 'm…@email.com'), channel: 'email', verificationId: 'VE', deliveryId: 'VL' };
  expect('sends by email', await provider.send(address), sent);
  gate.prefer = undefined;

  const code = new Secret('123456');
  const asked = { to, code, verificationId: 'VE', reference: VERIFICATION };
  expect('is told that a code is right', await provider.check(asked), { status: 'approved', reference: VERIFICATION });
  expect('is told so by number alone', await provider.check({ ...asked, reference: undefined }), { status: 'approved', reference: VERIFICATION });
  gate.prefer = 'code=201';
  expect('and where it is told with a 201', await provider.check(asked), { status: 'approved', reference: VERIFICATION });
  gate.prefer = undefined;
  const other = { ...asked, to: new Destination('+15017122662', '+1…62') };
  expect('believes no answer about another number', await provider.check(other), { status: 'unknown' });
  expect('ends a verification', await provider.cancel(asked), { status: 'canceled' });
  expect('ends one by number', await provider.cancel({ ...asked, reference: undefined }), { status: 'canceled' });
  gate.prefer = 'example=approveVerificationWithPn';
  expect('does not take an approval for an end', await provider.cancel(asked), { status: 'failed' });

  gate.prefer = 'code=429';
  const { status, limit } = await send('sms');
  expect('is limited', [status, limit?.reason], ['refused', 'rate_limited']);
  gate.prefer = 'code=404';
  expect('is told of a failure that is not one of Twilio’s', (await provider.check(asked)).status, 'failed');
  gate.prefer = undefined;
  expect('sends no field that the document does not name', gate.unknown, []);
  expect('hands on what was answered', answers.length, gate.statuses.filter((one) => one < 300).length);
  expect(
    'and has it as the SDK makes it',
    answers.every((answer) => answer.dateCreated instanceof Date),
    true,
  );
}

let passed = 0;

function expect(what, found, expected) {
  if (!isDeepStrictEqual(found, expected)) throw new Failure(`${what}: found ${JSON.stringify(found)}, expected ${JSON.stringify(expected)}`);
  passed += 1;
}

const folder = mkdtempSync(join(tmpdir(), 'countersign-prism-'));
const open = [];
try {
  const document = join(folder, 'twilio_verify_v2.json');
  const published = JSON.parse(readFileSync(new URL('../test/data/twilio/twilio_verify_v2.json', import.meta.url), 'utf8'));
  writeFileSync(document, JSON.stringify(mend(published)));
  const { child, port, listens } = await startPrism(fetchPrism(), document);
  open.push(() => child.kill('SIGKILL'));
  await listens;
  const gate = await startGate(port, readForms(published));
  open.push(gate.close);
  await seeItRefuse(gate);
  await askAsTheProviderDoes(gate);
  console.log(`prism: ${passed} answers of ${PRISM} are as expected`);
} catch (error) {
  if (!(error instanceof Failure)) throw error;
  console.error(`prism: ${error.message}`);
  process.exitCode = 1;
} finally {
  for (const close of open.reverse()) close();
  rmSync(folder, { recursive: true, force: true });
}

import { execFile } from 'node:child_process';
import dns from 'node:dns';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { parseDestination } from '../../src/core/destination.ts';
import { SECOND } from '../../src/core/duration.ts';
import type { StartResult } from '../../src/engine/results.ts';
import { createTwilioVerifyProvider, type TwilioClient } from '../../src/providers/twilio-verify.ts';
import { rejectionOf } from '../builders.ts';
import { TO, TwilioWorld, type TwilioWorldOptions } from './provider-world.ts';

let world: TwilioWorld;

async function open(options: TwilioWorldOptions = {}): Promise<void> {
  await world?.double.close();
  world = await TwilioWorld.open(options);
}

beforeEach(() => open());
afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  await world.double.close();
});

/** Only timers are faked: the network goes on as it does. */
const useFakeTimers = () => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });

const start = async (requester?: string): Promise<StartResult> => world.verifier.start({ to: TO, requester });

async function startPending(): Promise<string> {
  const started = await start();
  if (started.status !== 'pending') throw new Error(started.reason);
  return started.id;
}

async function thrownBy(call: Promise<unknown>): Promise<object> {
  const { code, cause } = await rejectionOf(call);
  return { code, cause };
}

describe('a Twilio that does not answer', () => {
  it.each([
    ['hang_before', 0],
    ['hang_after', 1],
  ] as const)('is waited for ten seconds, and not asked again: %s', async (fault, messages) => {
    useFakeTimers();
    world.double.next(fault);
    let started: StartResult | undefined;
    const waiting = start('ada').then((result) => {
      started = result;
    });
    await world.double.whenHung();
    await vi.advanceTimersByTimeAsync(10 * SECOND - 1);
    expect(started).toBeUndefined();
    expect(await start('ada')).toMatchObject({ status: 'refused', reason: 'in_progress' });
    await vi.advanceTimersByTimeAsync(1);
    await waiting;
    expect(started).toMatchObject({ status: 'pending', deliveries: [{ status: 'unknown' }] });
    expect(await start('ada')).toMatchObject({ status: 'refused', reason: 'resend_too_soon' });
    expect(await world.record()).toMatchObject({ shared: { sends: [expect.any(Number)] }, verifications: [{ deliveries: [{ state: 'unknown' }] }] });
    expect([world.double.messages.length, world.double.requests.length, vi.getTimerCount()]).toEqual([messages, 1, 0]);
  });

  it.each(['hang_before', 'hang_after'] as const)('has a guess counted, whether it was judged or not: %s', async (fault) => {
    const id = await startPending();
    useFakeTimers();
    world.double.next(fault);
    const checked = thrownBy(world.verifier.check({ id, code: world.double.codeFor(TO) }));
    await world.double.whenHung();
    await vi.advanceTimersByTimeAsync(10 * SECOND);
    expect(await checked).toEqual({ code: 'provider_unavailable', cause: { name: 'AxiosError', code: 'ECONNABORTED' } });
    expect(await world.record()).toMatchObject({ shared: { wrong: [expect.any(Number)] }, verifications: [{ state: 'pending', wrong: 1 }] });
  });

  it('does not keep a cancel from ending ours', async () => {
    const id = await startPending();
    useFakeTimers();
    world.double.next('hang_before');
    const canceled = world.verifier.cancel({ id });
    await world.double.whenHung();
    await vi.advanceTimersByTimeAsync(10 * SECOND);
    expect(await canceled).toEqual({ status: 'canceled' });
    expect(await world.record()).toMatchObject({ verifications: [{ state: 'canceled', judge: { isOpen: true } }] });
  });

  it('is waited for no longer through a client that is handed in, whatever time that takes itself', async () => {
    const create = () => new Promise(() => {});
    const client = { verify: { v2: { services: () => ({ verifications: { create }, verificationChecks: { create } }) } } };
    await open({ provider: { client } as never });
    useFakeTimers();
    const results = Promise.all([world.send(), world.ask('123456')]);
    await vi.advanceTimersByTimeAsync(10 * SECOND);
    const [sent, asked] = await results;
    expect([sent, asked.status, asked.status === 'unknown' && asked.error?.cause]).toEqual([
      { status: 'unknown' },
      'unknown',
      { name: 'TimeoutError' },
    ]);
  });

  it('is waited for as long as is set', async () => {
    await open({ provider: { timeout: 50 } });
    useFakeTimers();
    world.double.next('hang_after');
    const sent = world.send();
    await world.double.whenHung();
    await vi.advanceTimersByTimeAsync(50);
    expect(await sent).toEqual({ status: 'unknown' });
  });
});

describe('a Twilio that does not end what is erased', () => {
  it.each([{ status: 500 }, 'cut_before', 'hang_before', 'pass'] as const)(
    'I2 ends it before it begins another, so that the old code proves nothing: %j',
    async (fault) => {
      const started = await start('ada');
      const old = world.double.codeFor(TO);
      if (fault === 'hang_before') useFakeTimers();
      world.double.next(fault);
      const erasing = world.verifier.erase({ to: TO });
      if (fault === 'hang_before') {
        await world.double.whenHung();
        await vi.advanceTimersByTimeAsync(10 * SECOND);
      }
      expect(await erasing).toEqual({ status: 'erased', verifications: 1 });
      world.clock.advance(120 * SECOND);
      const next = await start('zoe');
      if (started.status !== 'pending' || next.status !== 'pending') throw new Error('not started');
      expect(await world.verifier.check({ id: next.id, requester: 'zoe', code: old })).toMatchObject({ status: 'pending', reason: 'wrong_code' });
      expect(await world.verifier.check({ id: started.id, requester: 'ada', code: old })).toEqual({ status: 'not_found' });
    },
  );
});

describe('a Twilio that is not there', () => {
  it('was never asked: what was claimed is given back', async () => {
    const id = await startPending();
    world.clock.advance(120 * SECOND);
    const before = await world.record();
    await world.double.close();
    await world.end(); // on the connection that has just been closed
    const down = { code: 'provider_unavailable', cause: { name: 'Error', code: 'ECONNREFUSED' } };
    expect(await thrownBy(world.verifier.resend({ id }))).toEqual(down);
    const { shared, verifications } = await world.record();
    expect(shared.sends).toEqual(before.shared.sends);
    expect(verifications).toMatchObject([{ state: 'pending', deliveries: [{ state: 'sent' }, { state: 'refused' }] }]);
    expect(await thrownBy(world.verifier.check({ id, code: '123456' }))).toEqual(down);
    expect((await world.record()).shared).toEqual(shared);
    expect(await world.verifier.cancel({ id })).toEqual({ status: 'canceled' });
    expect(await world.record()).toMatchObject({ verifications: [{ judge: { isOpen: true } }] });
  });

  it.each([
    ['a name with no address', { code: 'ENOTFOUND', syscall: 'getaddrinfo' }, true],
    ['a resolver that is away', { code: 'EAI_AGAIN' }, true],
    ['no route', { code: 'EHOSTUNREACH', syscall: 'connect' }, true],
    ['a connection that takes too long to be made', { code: 'ETIMEDOUT', syscall: 'connect' }, true],
    ['the same, within what the SDK made of it', { code: 'ETIMEDOUT', cause: { syscall: 'connect' } }, true],
    ['several addresses, all refused', { code: 'ECONNREFUSED', errors: [] }, true],
    ['a certificate that is out of date', { code: 'CERT_HAS_EXPIRED' }, true],
    ['a certificate of nobody', { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }, true],
    ['a certificate for another name', { code: 'ERR_TLS_CERT_ALTNAME_INVALID' }, true],
    ['an answer that takes too long', { code: 'ECONNABORTED' }, false],
    ['a connection that times out later', { code: 'ETIMEDOUT', syscall: 'read' }, false],
    ['a connection that breaks', { code: 'ECONNRESET', syscall: 'read' }, false],
    ['a connection that breaks within a body, with its status', { code: 'ECONNRESET', isAxiosError: true, status: 201 }, false],
    ['a code that is no text', { code: 7 }, false],
    ['nothing known', {}, false],
  ])('is told from one that may have been asked: %s', async (_name, facts, wasNeverSent) => {
    const create = () => Promise.reject(Object.assign(new Error(TO), facts));
    const client = { verify: { v2: { services: () => ({ verifications: { create }, verificationChecks: { create } }) } } };
    await open({ provider: { client } as never });
    expect(await world.send()).toMatchObject(wasNeverSent ? { status: 'refused', permanent: false } : { status: 'unknown' });
    expect(await world.ask('123456')).toMatchObject({ status: wasNeverSent ? 'failed' : 'unknown', error: { code: 'provider_unavailable' } });
  });
});

describe('where Twilio is', () => {
  it('is the base URL: with a region in the environment, and for hosts that the SDK takes for its own', async () => {
    vi.stubEnv('TWILIO_REGION', 'au1');
    vi.stubEnv('TWILIO_EDGE', 'sydney');
    const port = new URL(world.double.baseUrl).port;
    const names: string[] = [];
    vi.spyOn(dns, 'lookup').mockImplementation(((name: string, _options: unknown, found: (error: null, addresses: unknown) => void) => {
      names.push(name);
      found(null, [{ address: '127.0.0.1', family: 4 }]);
    }) as never);
    for (const host of ['otp.example', 'localhost', 'a.b.c.d.e.example']) {
      const { accountSid, authToken, serviceSid } = world.double;
      const provider = createTwilioVerifyProvider({ accountSid, authToken, serviceSid, baseUrl: `http://${host}:${port}` });
      const request = { to: parseDestination(TO), verificationId: `VE${'0'.repeat(32)}`, deliveryId: `VL${'0'.repeat(32)}` };
      expect(await provider.send({ ...request, channel: 'sms' })).toMatchObject({ status: 'sent' });
    }
    expect(names).toEqual(['otp.example', 'localhost', 'a.b.c.d.e.example']);
    expect(world.double.messages).toHaveLength(3);
  });

  it('is at Twilio without one, where the region says', async () => {
    vi.stubEnv('TWILIO_REGION', 'au1');
    vi.stubEnv('TWILIO_EDGE', 'sydney');
    await open({ provider: { baseUrl: undefined } });
    const names: string[] = [];
    vi.spyOn(dns, 'lookup').mockImplementation(((name: string, _options: unknown, found: (error: Error) => void) => {
      names.push(name);
      found(Object.assign(new Error('not here'), { code: 'ENOTFOUND' }));
    }) as never);
    for (const variable of ['HTTP_PROXY', 'HTTPS_PROXY', 'http_proxy', 'https_proxy']) vi.stubEnv(variable, undefined);
    expect(await world.send()).toMatchObject({ status: 'refused', permanent: false, error: { code: 'provider_unavailable' } });
    expect(names).toEqual(['verify.sydney.au1.twilio.com']);
  });
});

describe('what is asked of Twilio', () => {
  it('is asked once, whatever it answers', async () => {
    const id = await startPending();
    for (const error of [20429, 60212, 20500]) {
      world.double.next({ error }, { error }, { error });
      const before = world.double.requests.length;
      await world.send();
      await world.ask('123456');
      await world.end();
      expect(world.double.requests.length - before).toBe(3);
    }
    expect(await world.verifier.show({ id })).toMatchObject({ status: 'pending' });
  });

  it("is answered in bodies that Twilio's own document knows, each of which was held against it", async () => {
    const id = await startPending();
    await world.verifier.check({ id, code: world.wrong() });
    await world.verifier.check({ id, code: world.double.codeFor(TO) });
    world.clock.advance(120 * SECOND);
    await world.verifier.cancel({ id: await startPending() });
    world.double.next({ error: 60410 }, { error: 20404 });
    await world.send();
    await world.ask('123456');
    expect(Object.fromEntries(world.double.validated)).toEqual({
      CreateVerification: 2,
      CreateVerificationCheck: 2,
      UpdateVerification: 1,
      error: 2,
    });
    const validated = [...world.double.validated.values()].reduce((sum, count) => sum + count, 0);
    expect(validated).toBe(world.double.requests.length);
  });
});

describe('the package twilio', () => {
  const folders: string[] = [];
  afterEach(() => Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true }))));

  /** Uses the provider where nothing is installed, but for what a test puts there; what came of one message, twice. */
  async function sendWithout(installed?: string): Promise<unknown> {
    const folder = await mkdtemp(join(tmpdir(), 'countersign-twilio-'));
    folders.push(folder);
    const [outfile, entry] = [join(folder, 'provider.mjs'), fileURLToPath(new URL('../../src/providers/twilio-verify.ts', import.meta.url))];
    await build({ entryPoints: [entry], bundle: true, format: 'esm', platform: 'node', external: ['twilio'], outfile, logLevel: 'silent' });
    if (installed !== undefined) {
      await mkdir(join(folder, 'node_modules', 'twilio'), { recursive: true });
      await writeFile(join(folder, 'node_modules', 'twilio', 'index.js'), installed);
    }
    const settings = { accountSid: `AC${'0'.repeat(32)}`, authToken: 'token', serviceSid: `VA${'0'.repeat(32)}` };
    const script = `
      const { createTwilioVerifyProvider } = await import(${JSON.stringify(pathToFileURL(outfile).href)});
      const provider = createTwilioVerifyProvider(${JSON.stringify(settings)});
      const request = { to: { reveal: () => '${TO}' }, channel: 'sms' };
      const sent = [await provider.send(request), await provider.send(request)];
      console.log(JSON.stringify(sent.map(({ error, ...result }) => ({ ...result, code: error.code, message: error.message, cause: error.cause }))));`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
    return JSON.parse(stdout);
  }

  it('is asked for by name where it is missing, each time', async () => {
    const missing = {
      ...{ status: 'refused', permanent: false, code: 'configuration_invalid' },
      message: 'the Twilio Verify provider needs the package twilio: install it with "npm install twilio"',
      cause: { name: 'Error', code: 'ERR_MODULE_NOT_FOUND' },
    };
    expect(await sendWithout()).toEqual([missing, missing]);
  });

  it('is said to be broken where it is there and does not load', async () => {
    const broken = {
      ...{ status: 'refused', permanent: false, code: 'configuration_invalid' },
      message: 'the Twilio Verify provider needs the package twilio: it is there, but cannot be loaded',
      cause: { name: 'TypeError' },
    };
    expect(await sendWithout('throw new TypeError("what broke, with anything in it");')).toEqual([broken, broken]);
  });

  it('is not needed for a client that is handed in, and not loaded for a provider that sends nothing', () => {
    const client: TwilioClient = { verify: { v2: { services: () => ({}) as never } } };
    expect(createTwilioVerifyProvider({ client, serviceSid: `VA${'0'.repeat(32)}` }).name).toBe('twilio_verify');
  });
});

import { inspect } from 'node:util';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Catch, findSecrets } from '../model/secrecy.ts';
import type { TwilioFault } from './double-faults.ts';
import { TO, TwilioWorld } from './provider-world.ts';

/** Long enough that no id or time holds one by chance. */
const CODE_LENGTH = 10;

const FAULTS: readonly TwilioFault[] = [
  'pass',
  ...(['html', 'html_ok', 'empty', 'malformed', 'unknown_status', 'cut_before', 'cut_after', 'cut_mid_body'] as const),
  ...[20003, 20403, 20404, 20429, 20500, 20503, 60202, 60203, 60205, 60212, 60223, 60238, 60410, 60605].map((error) => ({ error })),
  { error: 60200 },
  { error: 60200, parameter: 'Code' },
  { error: 60200, parameter: 'VerificationSid' },
  { error: 60200, parameter: 'Locale' },
  { error: 60200, message: `Invalid parameter \`${TO.slice(1)}\`: ${TO}` },
  { error: 20500, message: `Failed for ${TO}` },
  { status: 500, body: `{"code":4155552671,"message":"${TO}","status":"${TO}"}` },
  { status: 503, body: `{"code":20503,"message":"${TO}","status":503,"details":{"to":"${TO}"},"more_info":"${TO}"}` },
];

let world: TwilioWorld;

afterEach(async () => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
  await world.double.close();
});

/** What must not be seen. Keyed hashes of the number and guess are as good as random. */
function secretsOf({ double }: TwilioWorld, guesses: readonly string[]): Record<string, string> {
  const basic = Buffer.from(`${double.accountSid}:${double.authToken}`).toString('base64');
  return {
    ...{ token: double.authToken, credentials: basic, number: TO, 'number without its plus': TO.slice(1), 'national number': TO.slice(2) },
    ...Object.fromEntries(guesses.map((guess, index) => [`code ${index}`, guess])),
  };
}

/** Calls everything once and catches what comes of it. */
async function callAll(found: Catch, fault: TwilioFault): Promise<readonly string[]> {
  const keep = async (name: string, call: Promise<unknown>) => {
    await call.then(
      (value) => found.value(name, value),
      (error: unknown) => found.error(name, error),
    );
  };
  const { verifier, double } = world;
  const started = await verifier.start({ to: TO });
  const id = 'id' in started ? started.id : '';
  const code = double.codeFor(TO);
  const guess = world.wrong();
  for (const [name, call] of [
    ['send', () => world.send()],
    ['ask', () => world.ask(guess)],
    ['ask by reference', () => world.ask(guess, double.messages[0]?.sid)],
    ['end', () => world.end()],
    ['check', () => verifier.check({ id, code: guess })],
    ['right check', () => verifier.check({ id, code })],
    ['cancel', () => verifier.cancel({ id })],
    ['show', () => verifier.show({ id })],
  ] as const) {
    double.next(fault);
    await keep(name, call());
  }
  world.clock.advance(120_000);
  // Two: where an earlier one has to be ended first.
  double.next(fault, fault);
  await keep('start', verifier.start({ to: TO, requester: 'ada' }));
  return [code, guess, ...double.messages.map((message) => message.code)];
}

async function catchAll(found: Catch): Promise<void> {
  found.value('provider', world.provider);
  found.text('provider, inspected', inspect(world.provider, { depth: Number.POSITIVE_INFINITY, showHidden: true, getters: true }));
  found.value('verifier', world.verifier);
  for (const heard of world.heard) found.value('event', heard);
  for (const kind of ['destination', 'settings']) found.value(`records of kind ${kind}`, await world.store.list(kind, '', undefined, 100));
  found.value('journal', await world.store.entries({ limit: 100 }, undefined));
}

describe('I9 whatever Twilio does', () => {
  it.each(FAULTS)('nothing that is thrown, answered, told, kept or printed holds a number, a code or a credential: %o', async (fault) => {
    vi.stubEnv('TWILIO_LOG_LEVEL', 'debug');
    vi.stubEnv('DEBUG', '*');
    const found = new Catch();
    const guesses = await found.printed('printed', async () => {
      world = await TwilioWorld.open({ double: { codeLength: CODE_LENGTH }, provider: { codeLength: CODE_LENGTH } });
      return callAll(found, fault);
    });
    await catchAll(found);
    expect(found.places.length).toBeGreaterThan(30);
    expect(findSecrets(found.places, secretsOf(world, guesses))).toEqual([]);
    expect(found.places.filter(({ name }) => name === 'printed')).toEqual([]);
  });

  it('and neither does what comes of a time that is over, or of a Twilio that is not there', async () => {
    const found = new Catch();
    world = await TwilioWorld.open({ double: { codeLength: CODE_LENGTH }, provider: { codeLength: CODE_LENGTH } });
    await world.send();
    const { double } = world;
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    double.next('hang_before', 'hang_after');
    const hung = Promise.all([world.send(), world.ask(world.wrong())]);
    await double.whenHung(2);
    await vi.advanceTimersByTimeAsync(10_000);
    found.value('hung', await hung);
    await double.close();
    await world.end();
    found.value('away', [await world.send(), await world.ask(world.wrong()), await world.end()]);
    found.error('start', await world.verifier.start({ to: TO }).catch((error: unknown) => error));
    await catchAll(found);
    expect(findSecrets(found.places, secretsOf(world, [double.codeFor(TO), world.wrong()]))).toEqual([]);
  });

  it('which is looked for where it is: what the SDK throws holds all of them', async () => {
    world = await TwilioWorld.open({ double: { codeLength: CODE_LENGTH } });
    await world.send();
    const guess = world.wrong();
    const { default: twilio } = await import('twilio');
    const client = twilio(world.double.accountSid, world.double.authToken, { region: '', edge: '' });
    client.verify.baseUrl = world.double.baseUrl;
    world.double.next('cut_before');
    const checks = client.verify.v2.services(world.double.serviceSid).verificationChecks;
    const found = new Catch();
    found.error('thrown', await checks.create({ to: TO, code: guess }).catch((error: unknown) => error));
    const secrets = new Set(findSecrets(found.places, secretsOf(world, [guess])).map(({ secret }) => secret));
    expect([...secrets].sort()).toEqual(['code 0', 'credentials', 'national number', 'number', 'number without its plus', 'token']);
  });
});

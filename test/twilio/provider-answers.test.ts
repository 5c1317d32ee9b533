import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HOUR, MINUTE, SECOND } from '../../src/core/duration.ts';
import { CountersignError } from '../../src/core/errors.ts';
import type { PendingResult, StartResult } from '../../src/engine/results.ts';
import type { TwilioFault } from './double-faults.ts';
import { TO, TwilioWorld, type TwilioWorldOptions } from './provider-world.ts';

let world: TwilioWorld;

async function open(options: TwilioWorldOptions = {}): Promise<void> {
  await world?.double.close();
  world = await TwilioWorld.open(options);
}

beforeEach(() => open());
afterEach(() => world.double.close());

function pending(result: StartResult): PendingResult {
  expect(result.status).toBe('pending');
  return result as PendingResult;
}

/** What a call came to: its value, or what matters of what it threw. */
async function outcomeOf(call: Promise<object>): Promise<object> {
  try {
    return await call;
  } catch (error) {
    expect(error).toBeInstanceOf(CountersignError);
    const { code, field, cause, message } = error as CountersignError;
    return { thrown: code, ...(field !== undefined && { field }), ...(cause !== undefined && { cause }), message };
  }
}

const cause = (status: number, code: number) => ({ name: 'Error', code: String(code), status });
const limited = (reason: string, retryAfter?: number) => ({ status: 'refused', permanent: false, limit: { reason, retryAfter } });
const misset = { status: 'refused', permanent: false, error: { code: 'configuration_invalid' } };
const unfit = (code: string) => ({ status: 'refused', permanent: true, error: { code } });

/** By an error of Twilio's: what the provider makes of it, and what the verifier answers. `retryAt` in milliseconds from now. */
const REFUSED: readonly (readonly [TwilioFault, object, { readonly retryAfter?: number } & Record<string, unknown>])[] = [
  [{ error: 60203 }, limited('budget_exhausted', 10 * MINUTE), { status: 'refused', reason: 'budget_exhausted', retryAfter: 10 * MINUTE }],
  [{ error: 60212 }, limited('in_progress', 10 * SECOND), { status: 'refused', reason: 'in_progress', retryAfter: 10 * SECOND }],
  [{ error: 20429 }, limited('rate_limited', MINUTE), { status: 'refused', reason: 'rate_limited', retryAfter: MINUTE }],
  [{ error: 25109 }, limited('rate_limited', MINUTE), { status: 'refused', reason: 'rate_limited', retryAfter: MINUTE }],
  [
    { error: 60410 },
    limited('guard_denied', 12 * HOUR),
    {
      ...{ status: 'refused', reason: 'guard_denied', retryAfter: 12 * HOUR, rule: 'twilio_fraud_guard' },
      detail: 'Twilio blocks this prefix for now (60410)',
    },
  ],
  [
    { error: 60605 },
    limited('guard_denied'),
    {
      ...{ status: 'refused', reason: 'guard_denied', rule: 'twilio_geo_permissions' },
      detail: 'this country is off in the Geo Permissions of the Twilio account (60605)',
    },
  ],
  [{ error: 60200 }, { status: 'refused', permanent: true }, { thrown: 'provider_rejected' }],
  [{ error: 60200, message: 'Invalid parameter: To' }, { status: 'refused', permanent: true }, { thrown: 'provider_rejected' }],
  [{ error: 60205 }, { status: 'refused', permanent: true }, { thrown: 'provider_rejected' }],
  [{ error: 60200, parameter: 'Locale' }, unfit('invalid_request'), { thrown: 'invalid_request', cause: cause(400, 60200) }],
  [{ error: 60200, parameter: 'RateLimits' }, unfit('invalid_request'), { thrown: 'invalid_request', cause: cause(400, 60200) }],
  [{ error: 60200, parameter: 'Channel' }, unfit('provider_rejected'), { thrown: 'provider_rejected', cause: cause(400, 60200) }],
  [{ error: 60200, message: 'No' }, unfit('provider_rejected'), { thrown: 'provider_rejected', cause: cause(400, 60200) }],
  [{ error: 60238 }, unfit('provider_rejected'), { thrown: 'provider_rejected', cause: cause(400, 60238) }],
  [{ error: 60217 }, unfit('provider_rejected'), { thrown: 'provider_rejected', cause: cause(400, 60217) }],
  [{ error: 20404 }, misset, { thrown: 'configuration_invalid', field: 'serviceSid', cause: cause(404, 20404) }],
  [{ error: 20003 }, misset, { thrown: 'configuration_invalid', field: 'authToken', cause: cause(401, 20003) }],
  [{ error: 20403 }, misset, { thrown: 'configuration_invalid', field: 'accountSid', cause: cause(403, 20403) }],
  [{ error: 60223 }, misset, { thrown: 'configuration_invalid', field: 'channel', cause: cause(400, 60223) }],
];

describe('a message that Twilio refuses', () => {
  it.each(REFUSED)('is none: %o', async (fault, provider, { retryAfter, ...verifier }) => {
    world.double.next(fault, fault);
    const result = await world.send();
    expect(result).toMatchObject(provider);
    if (!('limit' in provider)) expect(result).not.toHaveProperty('limit');
    const retryAt = retryAfter === undefined ? {} : { retryAt: new Date(world.clock.now() + retryAfter) };
    const answer = await outcomeOf(world.verifier.start({ to: TO, requester: 'ada' }));
    expect(answer).toMatchObject({ ...verifier, ...retryAt });
    if (retryAfter === undefined) expect(answer).not.toHaveProperty('retryAt');
    expect(JSON.stringify(answer)).not.toContain('4155552671');
    expect(world.double.messages).toEqual([]);
  });

  it.each(REFUSED)('gives back what it claimed, and another may leave at once: %o', async (fault) => {
    world.double.next(fault);
    await outcomeOf(world.verifier.start({ to: TO, requester: 'ada' }));
    const { shared, ladders, verifications } = await world.record();
    expect([shared.sends, ladders]).toEqual([[], []]);
    expect(verifications).toMatchObject([
      { state: 'failed', deliveries: [{ state: 'refused' }], judge: { provider: 'twilio_verify', reference: undefined, isOpen: false } },
    ]);
    const { id, deliveries } = pending(await world.verifier.start({ to: TO, requester: 'ada' }));
    expect([deliveries.map(({ status }) => status), world.double.messages.length]).toEqual([['sent'], 1]);
    expect(await world.verifier.show({ id, requester: 'ada' })).toMatchObject({ status: 'pending', attemptsLeft: 5 });
  });

  it('is told to listeners: as refused where it was a limit', async () => {
    world.double.next({ error: 60410 });
    await world.verifier.start({ to: TO, purpose: 'login' });
    expect(world.heard.map(({ name }) => name)).toEqual(['started', 'delivered', 'refused']);
    expect(world.heard.at(-1)?.event).toEqual({
      ...{ service: 'default', purpose: 'login', to: '+1********71', reason: 'guard_denied', rule: 'twilio_fraud_guard' },
    });
  });

  it('shows the pending verification where it was sent again while another request was under way', async () => {
    const { id } = pending(await world.verifier.start({ to: TO, requester: 'ada' }));
    world.clock.advance(2 * MINUTE);
    world.double.next({ error: 60212 });
    const answer = await world.verifier.resend({ id, requester: 'ada' });
    expect(answer).toMatchObject({
      status: 'refused',
      reason: 'in_progress',
      verification: { id, deliveries: [{ status: 'sent' }, { status: 'refused' }] },
    });
    expect(await world.verifier.check({ id, code: world.double.codeFor(TO), requester: 'ada' })).toMatchObject({ status: 'approved' });
  });

  it('says when Twilio might take the next, and does not keep it: whoever asks again asks Twilio, until our own limits hold', async () => {
    const page = readFileSync(new URL('../../docs/twilio-verify.md', import.meta.url), 'utf8').replaceAll(/\s+/g, ' ');
    expect(page).toContain('`retryAt` of these is advice about Twilio, and is not kept');
    await open({ limits: { ladder: [1], sharePending: true } });
    const retryAt = new Date(world.clock.now() + 12 * HOUR);
    for (const _asked of ['first', 'second']) {
      world.double.next({ error: 60410 });
      expect(await world.verifier.start({ to: TO })).toMatchObject({ status: 'refused', reason: 'guard_denied', retryAt });
    }
    const own = { status: 'refused', reason: 'resend_too_soon', retryAt: new Date(world.clock.now() + 30 * SECOND) };
    expect(await world.verifier.start({ to: TO })).toMatchObject(own);
    expect(world.double.requests).toHaveLength(2);
    world.clock.advance(30 * SECOND);
    expect(await world.verifier.start({ to: TO })).toMatchObject({ status: 'pending' });
  });

  it('I17 does not promise more than our own limits allow', async () => {
    world.double.next({ error: 60212 }, { error: 60212 });
    await world.verifier.start({ to: TO });
    const answer = await world.verifier.start({ to: TO });
    // Given back once, and not twice in a row.
    expect(answer).toMatchObject({ status: 'refused', reason: 'in_progress', retryAt: new Date(world.clock.now() + 2 * MINUTE) });
  });
});

describe('a message of which Twilio does not say that it left', () => {
  it.each<[TwilioFault, number]>([
    [{ error: 20500 }, 0],
    [{ error: 20503 }, 0],
    [{ status: 502 }, 0],
    [{ status: 503, body: 'no backend' }, 0],
    [{ status: 500, body: '' }, 0],
    ['html', 0],
    ['html_ok', 0],
    ['empty', 1],
    ['malformed', 1],
    ['unknown_status', 1],
    [{ alter: (body) => ({ ...body, status: 'approved' }) }, 1],
    ['cut_before', 0],
    ['cut_after', 1],
    ['cut_mid_body', 1],
  ])('may have left, and no second one does: %o', async (fault, messages) => {
    world.double.next(fault);
    const { id, deliveries } = pending(await world.verifier.start({ to: TO, requester: 'ada' }));
    expect(deliveries.map(({ status }) => status)).toEqual(['unknown']);
    const { shared, ladders, verifications } = await world.record();
    expect([shared.sends.length, ladders.map(({ step }) => step), shared.returned]).toEqual([1, [1], undefined]);
    expect(verifications).toMatchObject([{ state: 'pending', deliveries: [{ state: 'unknown' }], judge: { reference: undefined, isOpen: true } }]);
    for (const requester of ['ada', 'bob', undefined]) {
      expect(await world.verifier.start({ to: TO, requester })).toMatchObject({ status: 'refused' });
    }
    expect(await world.verifier.resend({ id, requester: 'ada' })).toMatchObject({ status: 'refused' });
    expect([world.double.messages.length, world.double.requests.length]).toEqual([messages, 1]);
    if (messages === 0) return;
    // Its code is found by the number, and is as good as any.
    const checked = await world.verifier.check({ id, code: world.double.codeFor(TO), requester: 'ada' });
    expect(checked).toMatchObject({ status: 'approved' });
    expect((await world.record()).verifications).toMatchObject([{ judge: { reference: world.double.messages[0]?.sid } }]);
  });
});

describe('a guess of which Twilio says', () => {
  it.each<[string, TwilioFault, object, object, string]>([
    ['that it has ended', { error: 20404 }, { status: 'ended', state: 'expired' }, { status: 'expired' }, 'expired'],
    ['too many', { error: 60202 }, { status: 'ended', state: 'max_attempts_reached' }, { status: 'max_attempts_reached' }, 'max_attempts_reached'],
    ['a state: canceled', state('canceled'), { status: 'ended', state: 'canceled' }, { status: 'canceled' }, 'canceled'],
    ['a state: expired', state('expired'), { status: 'ended', state: 'expired' }, { status: 'expired' }, 'expired'],
    ['a state: deleted', state('deleted'), { status: 'ended', state: 'expired' }, { status: 'expired' }, 'expired'],
    [
      'a state: no more guesses',
      state('max_attempts_reached'),
      { status: 'ended', state: 'max_attempts_reached' },
      { status: 'max_attempts_reached' },
      'max_attempts_reached',
    ],
  ])('%s is not counted, and ours ends as theirs', async (_name, fault, provider, verifier, end) => {
    await world.send();
    world.double.next(fault);
    expect(await world.ask(world.wrong(), world.double.messages[0]?.sid)).toEqual(provider);
    await open();
    const { id } = pending(await world.verifier.start({ to: TO }));
    world.double.next(fault);
    expect(await world.verifier.check({ id, code: world.wrong() })).toEqual(verifier);
    const { shared, verifications } = await world.record();
    expect([shared.wrong, shared.run]).toEqual([[], 0]);
    expect(verifications).toMatchObject([{ state: end, wrong: 0, judge: { asked: [], isOpen: end === 'max_attempts_reached' } }]);
  });

  it.each<[TwilioFault, object]>([
    [{ error: 20429 }, { thrown: 'provider_unavailable', cause: cause(429, 20429) }],
    [{ error: 20500 }, { thrown: 'provider_unavailable', cause: cause(500, 20500) }],
    [{ error: 20503 }, { thrown: 'provider_unavailable', cause: cause(503, 20503) }],
    [{ status: 502 }, { thrown: 'provider_unavailable', cause: { name: 'Error', status: 502 } }],
    ['html', { thrown: 'provider_unavailable', cause: { name: 'Error', status: 502 } }],
    [
      { error: 60200, parameter: 'Code' },
      { thrown: 'provider_rejected', message: expect.stringMatching(/refused this guess.*not counted$/), cause: cause(400, 60200) },
    ],
    [{ error: 60410 }, { thrown: 'provider_rejected', cause: cause(403, 60410) }],
    [{ error: 60223 }, { thrown: 'configuration_invalid', field: 'channel', cause: cause(400, 60223) }],
    [{ error: 20003 }, { thrown: 'configuration_invalid', field: 'authToken', cause: cause(401, 20003) }],
    [{ error: 20403 }, { thrown: 'configuration_invalid', field: 'accountSid', cause: cause(403, 20403) }],
  ])('that it could not judge is given back: %o', async (fault, expected) => {
    const { id } = pending(await world.verifier.start({ to: TO }));
    world.double.next(fault, fault);
    expect(await world.ask(world.wrong())).toMatchObject({ status: 'failed', error: { code: (expected as { thrown: string }).thrown } });
    expect(await outcomeOf(world.verifier.check({ id, code: world.double.codeFor(TO) }))).toMatchObject(expected);
    expect(await world.record()).toMatchObject({
      shared: { wrong: [], run: 0 },
      verifications: [{ state: 'pending', wrong: 0, judge: { asked: [] } }],
    });
    expect(await world.verifier.check({ id, code: world.double.codeFor(TO) })).toMatchObject({ status: 'approved' });
  });

  it.each<[string, TwilioFault]>([
    ['nothing', 'empty'],
    ['half of it', 'cut_mid_body'],
    ['broken JSON', 'malformed'],
    ['a page', 'html_ok'],
    ['a status that nobody documented', 'unknown_status'],
    ['nothing, as the connection breaks after it', 'cut_after'],
    ['nothing, as the connection breaks before it', 'cut_before'],
    ['approved, but not valid', { alter: (body) => ({ ...body, status: 'approved', valid: false }) }],
    ['approved, of another verification', { alter: (body) => ({ ...body, status: 'approved', sid: `VE${'0'.repeat(32)}` }) }],
    ['approved, of another number', { alter: (body) => ({ ...body, status: 'approved', to: '+14155552672' }) }],
    ['approved, of no number', { alter: (body) => ({ ...body, status: 'approved', to: null }) }],
  ])('I2 I3 %s approves nothing, and stays counted', async (_name, fault) => {
    const { id } = pending(await world.verifier.start({ to: TO }));
    world.double.next(fault);
    const answer = await outcomeOf(world.verifier.check({ id, code: world.double.codeFor(TO) }));
    expect(answer).toMatchObject({ thrown: 'provider_unavailable', message: expect.stringMatching(/counted$/) });
    const { shared, verifications } = await world.record();
    expect([shared.wrong.length, shared.run]).toEqual([1, 1]);
    expect(verifications).toMatchObject([{ state: 'pending', wrong: 1, judge: { asked: [] } }]);
    expect(world.heard.filter(({ name }) => name === 'approved')).toEqual([]);
  });

  function state(status: string): TwilioFault {
    return { alter: (body) => ({ ...body, status }) };
  }
});

describe('a verification that ends at Twilio', () => {
  it.each<[TwilioFault, 'canceled' | 'gone' | 'failed']>([
    ['pass', 'canceled'],
    [{ error: 20404 }, 'gone'],
    [{ error: 20003 }, 'failed'],
    [{ error: 20429 }, 'failed'],
    [{ error: 20500 }, 'failed'],
    ['html', 'failed'],
    ['html_ok', 'failed'],
    ['empty', 'failed'],
    ['malformed', 'failed'],
    ['unknown_status', 'failed'],
    ['cut_before', 'failed'],
    ['cut_after', 'failed'],
    ['cut_mid_body', 'failed'],
  ])('is %o: %s; ours ends whatever is said, and theirs before the next message leaves', async (fault, expected) => {
    await world.send();
    world.double.next(fault);
    expect(await world.end(world.double.messages[0]?.sid)).toEqual({ status: expected });
    await open();
    const { id } = pending(await world.verifier.start({ to: TO }));
    const before = world.double.codeFor(TO);
    world.double.next(fault);
    expect(await world.verifier.cancel({ id })).toEqual({ status: 'canceled' });
    expect((await world.record()).verifications).toMatchObject([{ state: 'canceled', judge: { isOpen: expected === 'failed' } }]);
    const asked = world.double.requests.length;
    world.clock.advance(2 * MINUTE);
    pending(await world.verifier.start({ to: TO }));
    expect(world.double.requests.length - asked).toBe(expected === 'failed' ? 2 : 1);
    expect((await world.record()).verifications).toMatchObject([{ judge: { isOpen: false } }, { judge: { isOpen: true } }]);
    if (expected !== 'gone') expect(world.double.messages[1]?.sid).not.toBe(world.double.messages[0]?.sid);
    expect(await world.verifier.check({ id, code: before })).toEqual({ status: 'canceled' });
  });
});

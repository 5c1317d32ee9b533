import { describe, expect, it } from 'vitest';
import { TO, wrongCode } from '../http/world.ts';
import { createWorld, type TwilioWorld } from './world.ts';

const MINUTE = 60_000;

async function wrongGuesses(world: TwilioWorld, count: number): Promise<void> {
  for (let guess = 0; guess < count; guess += 1) {
    expect(await world.check({ To: TO, Code: wrongCode(world.code()) })).toMatchObject({ status: 200, body: { status: 'pending', valid: false } });
  }
}

describe('a verification through the door', () => {
  it('answers five wrong guesses with pending, and refuses the sixth until it would have expired', async () => {
    const world = await createWorld();
    const { body: created } = await world.create();
    world.pass(MINUTE);
    await wrongGuesses(world, 5);
    const sixth = await world.check({ To: TO, Code: world.code() });
    expect(sixth).toMatchObject({ status: 429, body: { code: 60202, message: 'Max check attempts reached' }, headers: { 'retry-after': '540' } });
    expect(await world.of('GET', `/Verifications/${created.sid}`)).toMatchObject({
      status: 200,
      body: { status: 'max_attempts_reached', valid: false },
    });
    expect(await world.create()).toMatchObject({ status: 429, body: { code: 60203 }, headers: { 'retry-after': '540' } });
    for (const Status of ['canceled', 'approved'])
      expect(await world.of('POST', `/Verifications/${created.sid}`, { Status })).toMatchObject({ status: 429, body: { code: 60202 } });
    world.pass(9 * MINUTE - 1);
    expect((await world.check({ To: TO, Code: world.code() })).body.code).toBe(60202);
    world.pass(1);
    expect((await world.check({ To: TO, Code: world.code() })).body.code).toBe(20404);
    expect((await world.of('GET', `/Verifications/${TO}`)).body.code).toBe(20404);
    const again = await world.create();
    expect(again.status).toBe(201);
    expect(again.body.sid).not.toBe(created.sid);
  });

  it('takes a code of another length, or with letters, for a wrong one, and does not count it', async () => {
    const world = await createWorld();
    const sid = (await world.create()).body.sid;
    for (const Code of ['12345', '1234567', '1234567890', 'abc123', 'abcdef'])
      for (const which of [{ To: TO }, { VerificationSid: sid }])
        expect(await world.check({ ...which, Code })).toMatchObject({ status: 200, body: { sid, status: 'pending', valid: false } });
    expect((await world.check({ To: TO, Code: world.code() })).body).toMatchObject({ status: 'approved', valid: true });
    expect(await world.check({ To: TO, Code: '1234' })).toMatchObject({ status: 404, body: { code: 20404 } });
  });

  it('begins anew for another payment, and the code of the one before is dead', async () => {
    const world = await createWorld({}, { psd2: true });
    const other = { Amount: '1', Payee: 'Somebody' };
    const mine = { Amount: '50', Payee: 'Shop' };
    const first = await world.create(other);
    const stale = world.code();
    world.pass(10_000);
    const second = await world.create(mine);
    expect(second.status).toBe(201);
    expect(second.body.sid).not.toBe(first.body.sid);
    expect(await world.check({ VerificationSid: first.body.sid, Code: stale, ...other })).toMatchObject({ status: 404 });
    expect((await world.check({ To: TO, Code: world.code(), ...mine })).body.status).toBe('approved');
  });

  it('sends five times in ten minutes, with one sid and one code, and not a sixth time', async () => {
    const world = await createWorld();
    const channels = ['sms', 'call', 'whatsapp', 'sms', 'sms'];
    const answers = [];
    const codes = new Set<string>();
    for (const Channel of channels) {
      answers.push(await world.create({ Channel }));
      codes.add(world.code());
      world.pass(10_000);
    }
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 201, 201]);
    expect(new Set(answers.map(({ body }) => body.sid)).size).toBe(1);
    expect(codes.size).toBe(1);
    const { body } = answers.at(-1) as (typeof answers)[number];
    expect(body.send_code_attempts.map(({ channel }: { channel: string }) => channel)).toEqual(channels);
    expect(body).toMatchObject({ channel: 'sms', date_created: '2026-01-01T00:00:00Z', date_updated: '2026-01-01T00:00:40Z' });
    expect((await world.of('GET', `/Verifications/${body.sid}`)).body).toEqual(body);
    const sixth = await world.create();
    expect(sixth).toMatchObject({ status: 429, body: { code: 60203, message: 'Max send attempts reached' } });
    // The life was not extended by what was sent again.
    world.pass(9 * MINUTE + 9_999);
    expect((await world.check({ To: TO, Code: wrongCode(world.code()) })).body.status).toBe('pending');
    world.pass(1);
    expect((await world.check({ To: TO, Code: world.code() })).body.code).toBe(20404);
  });

  it('refuses a send within ten seconds of the last, and says when', async () => {
    const world = await createWorld();
    await world.create();
    world.pass(9_000);
    expect(await world.create()).toMatchObject({ status: 429, body: { code: 20429, message: 'Too many requests' }, headers: { 'retry-after': '1' } });
    world.pass(1_000);
    expect((await world.create()).status).toBe(201);
  });

  it('is there no more once it was approved', async () => {
    const world = await createWorld();
    const { body } = await world.create();
    expect((await world.check({ VerificationSid: body.sid, Code: world.code() })).body).toMatchObject({ status: 'approved', valid: true, to: TO });
    for (const of of [{ VerificationSid: body.sid }, { To: TO }]) expect((await world.check({ ...of, Code: world.code() })).body.code).toBe(20404);
    expect((await world.of('GET', `/Verifications/${body.sid}`)).body.code).toBe(20404);
    expect((await world.of('POST', `/Verifications/${body.sid}`, { Status: 'canceled' })).body.code).toBe(20404);
  });

  it('is fetched after it was canceled, and takes no code', async () => {
    const world = await createWorld();
    const { body } = await world.create();
    world.pass(5_000);
    const canceled = await world.of('POST', `/Verifications/${encodeURIComponent(TO)}`, { Status: 'canceled' });
    expect(canceled).toMatchObject({ status: 200, body: { ...body, status: 'canceled', date_updated: '2026-01-01T00:00:05Z' } });
    expect((await world.check({ To: TO, Code: world.code() })).body.code).toBe(20404);
    expect((await world.of('GET', `/Verifications/${body.sid}`)).body).toEqual({ ...canceled.body, to: null });
    expect((await world.of('POST', `/Verifications/${body.sid}`, { Status: 'canceled' })).body.status).toBe('canceled');
    expect((await world.of('POST', `/Verifications/${body.sid}`, { Status: 'approved' })).body.code).toBe(20404);
  });

  it('is approved by hand with the scope admin alone', async () => {
    const world = await createWorld();
    const { body } = await world.create();
    const path = `/Verifications/${body.sid}`;
    const clerk = await world.makeKey(world.serviceSid, ['start', 'check', 'read']);
    expect(await world.of('POST', path, { Status: 'approved' }, { key: clerk })).toMatchObject({ status: 403, body: { code: 20403 } });
    const operator = await world.makeKey(world.serviceSid, ['admin']);
    expect(await world.of('POST', path, { Status: 'canceled' }, { key: operator })).toMatchObject({ status: 403, body: { code: 20403 } });
    const approved = await world.of('POST', path, { Status: 'approved' }, { key: operator });
    expect(approved).toMatchObject({ status: 200, body: { status: 'approved', valid: true, to: TO } });
    expect(approved.text).not.toContain('eyJ');
    expect((await world.of('GET', path)).body.code).toBe(20404);
    const { entries } = await world.rest.store.entries({ limit: 100 }, undefined);
    expect(entries.filter(({ type }) => type === 'approved_by_operator').map(({ data }) => data)).toEqual([expect.stringContaining(operator.key.id)]);
  });

  it('takes To and VerificationSid together where they agree, and no guess where they do not', async () => {
    const world = await createWorld();
    const { body } = await world.create();
    await world.create({ To: '+14155552672' });
    for (let guess = 0; guess < 6; guess += 1) {
      const strange = await world.check({ VerificationSid: body.sid, To: '+14155552672', Code: wrongCode(world.code()) });
      expect(strange.body.code).toBe(20404);
    }
    expect((await world.check({ VerificationSid: body.sid, To: '+1 415 555 2671', Code: world.code() })).body.status).toBe('approved');
  });

  it('reaches an address, raw and encoded in a path', async () => {
    const world = await createWorld();
    const To = 'ada+news@example.com';
    const { status, body } = await world.create({ To, Channel: 'email' });
    expect([status, body.to, body.channel]).toEqual([201, To, 'email']);
    for (const path of [To, encodeURIComponent(To), 'ada%2Bnews@example.com', 'ada+news%40example.com'])
      expect((await world.of('GET', `/Verifications/${path}`)).body).toEqual(body);
    expect((await world.of('GET', '/Verifications/ada%20news@example.com')).body.code).toBe(20404);
  });

  it('reaches the longest address there is, with every character of it percent-encoded', async () => {
    const world = await createWorld();
    const To = `${'a'.repeat(64)}@${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(61)}`;
    expect(To.length).toBe(254);
    const { sid } = (await world.create({ To, Channel: 'email' })).body;
    const encoded = [...Buffer.from(To)].map((byte) => `%${byte.toString(16)}`).join('');
    for (const path of [To, encodeURIComponent(To), encoded]) {
      const { status, body } = await world.of('GET', `/Verifications/${path}`);
      expect([status, body.sid]).toEqual([200, sid]);
    }
  });

  it('finds a number with a plus that is raw and one that is encoded', async () => {
    const world = await createWorld();
    const { body } = await world.create();
    for (const path of [TO, TO.replace('+', '%2B'), TO.replace('+', '%2b')])
      expect((await world.of('GET', `/Verifications/${path}`)).body).toEqual(body);
    expect((await world.of('GET', `/Verifications/${TO.slice(1)}`)).body.code).toBe(20404);
  });

  it('speaks the language that it is asked for', async () => {
    const world = await createWorld();
    expect((await world.create({ Locale: 'fr-CA' })).status).toBe(201);
    const [message] = world.rest.sender.messages;
    expect(message?.text.reveal()).toContain('code de vérification');
    expect(await world.create({ To: '+14155552672', Locale: 'tlh' })).toMatchObject({
      status: 400,
      body: { code: 60200, message: 'Invalid parameter `Locale`' },
    });
    expect(world.rest.sender.calls).toBe(1);
  });

  it('takes tags, and refuses those that are no map of at most ten', async () => {
    const world = await createWorld();
    const tooMany = Object.fromEntries(Array.from({ length: 11 }, (_, index) => [`tag${index}`, 'x']));
    const long = 'x'.repeat(129);
    for (const tags of [tooMany, { [long]: 'x' }, { a: long }, { a: 1 }, ['a'], 'a', null])
      expect((await world.create({ Tags: JSON.stringify(tags) })).body.message).toContain('`Tags`');
    const full = Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`${index}`.padEnd(128, 'k'), 'v'.repeat(128)]));
    expect((await world.create({ Tags: JSON.stringify(full) })).status).toBe(201);
  });
});

describe('a code of the caller’s', () => {
  it('is passed over where the service takes none', async () => {
    const world = await createWorld();
    expect((await world.create({ CustomCode: '13579' })).status).toBe(201);
    expect(world.code()).not.toBe('13579');
  });

  it('is sent, is brought again with a resend, and approves', async () => {
    const world = await createWorld({}, { customCodes: true });
    await world.create({ CustomCode: '13579' });
    expect(world.code()).toBe('13579');
    world.pass(10_000);
    expect(await world.create()).toMatchObject({ status: 400, body: { code: 60200, message: 'Invalid parameter `CustomCode`' } });
    expect((await world.create({ CustomCode: '13579' })).status).toBe(201);
    expect((await world.check({ To: TO, Code: '13578' })).body.status).toBe('pending');
    expect((await world.check({ To: TO, Code: '13579' })).body.status).toBe('approved');
  });

  it.each(['123', '12345678901', 'abcd'])('is refused by its name: %s', async (CustomCode) => {
    const world = await createWorld({}, { customCodes: true });
    world.secrets.add(CustomCode);
    expect((await world.create({ CustomCode })).body).toMatchObject({ code: 60200, message: 'Invalid parameter `CustomCode`' });
  });
});

describe('PSD2', () => {
  const payment = { Amount: '39.99 EUR', Payee: 'Shop "Ltd", 2' };

  it('binds the code to an amount and a payee, and another one is a wrong code', async () => {
    const world = await createWorld({}, { psd2: true });
    const { body } = await world.create(payment);
    expect(body).toMatchObject({ amount: payment.Amount, payee: payment.Payee });
    expect((await world.of('GET', `/Verifications/${body.sid}`)).body).toEqual(body);
    const right = { To: TO, Code: world.code() };
    const others = [
      { ...payment, Amount: '39.98 EUR' },
      // What would be the same if the two were joined by a space, by a comma, or as JSON without escapes.
      { Amount: '39.99 EUR Shop', Payee: '"Ltd", 2' },
      { Amount: '39.99 EUR,Shop "Ltd"', Payee: ' 2' },
      { Amount: '39.99 EUR","Shop \\"Ltd\\', Payee: '", 2' },
    ];
    for (const other of others) expect((await world.check({ ...right, ...other })).body).toMatchObject({ status: 'pending', valid: false });
    expect((await world.check({ ...right, ...payment })).body).toMatchObject({
      ...{ status: 'approved', valid: true },
      ...{ amount: payment.Amount, payee: payment.Payee },
    });
  });

  it('needs both, by any channel but a call, at the create and at the check', async () => {
    const world = await createWorld({}, { psd2: true });
    for (const half of [{}, { Amount: '1' }, { Payee: 'x' }, { Amount: '1', Payee: '' }])
      expect(await world.create(half)).toMatchObject({ status: 400, body: { code: 60206 } });
    expect(await world.create({ ...payment, Channel: 'call' })).toMatchObject({ status: 400, body: { code: 60214 } });
    expect(await world.create({ ...payment, Payee: 'x'.repeat(300) })).toMatchObject({ status: 400, body: { code: 60200 } });
    await world.create(payment);
    expect((await world.check({ To: TO, Code: world.code() })).body.code).toBe(60206);
    expect(world.rest.sender.calls).toBe(1);
  });
});

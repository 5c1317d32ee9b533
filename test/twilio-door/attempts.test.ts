import { describe, expect, it } from 'vitest';
import { TO, wrongCode } from '../http/world.ts';
import { createWorld, type FormAnswer, type TwilioWorld } from './world.ts';

const OTHER = '+4930901820';
const MAIL = 'someone@example.com';

const list = (world: TwilioWorld, query = '', key = world.key): Promise<FormAnswer> => world.ask('GET', `/v2/Attempts${query}`, { key });
const summarize = (world: TwilioWorld, query = ''): Promise<FormAnswer> => world.ask('GET', `/v2/Attempts/Summary${query}`);
const sidsOf = ({ body }: FormAnswer): readonly string[] => body.attempts.map(({ sid }: { sid: string }) => sid);

/** Starts one, and answers with the sid of its message. */
async function start(
  world: TwilioWorld,
  To: string,
  Channel = 'sms',
  service = world.serviceSid,
): Promise<{ readonly sid: string; readonly attempt: string }> {
  const { body } = await world.ask('POST', `/v2/Services/${service}/Verifications`, { form: { To, Channel } });
  return { sid: body.sid, attempt: body.send_code_attempts.at(-1).attempt_sid };
}

/** Four messages, a minute apart: approved, guessed at wrongly, approved by an operator, and called. */
async function fill(world: TwilioWorld) {
  const approved = await start(world, TO);
  await world.check({ To: TO, Code: world.code() });
  world.pass(60_000);
  const wrong = await start(world, OTHER);
  await world.check({ To: OTHER, Code: wrongCode(world.code(OTHER)) });
  world.pass(60_000);
  const byOperator = await start(world, MAIL, 'email');
  await world.of('POST', `/Verifications/${byOperator.sid}`, { Status: 'approved' });
  world.pass(60_000);
  const called = await start(world, OTHER, 'call');
  return { approved, wrong, byOperator, called };
}

describe('attempts', () => {
  it('are the messages of a service, with what came of them, and with no number', async () => {
    const world = await createWorld();
    const { approved, wrong, byOperator, called } = await fill(world);
    const { body } = await list(world);
    expect(body.attempts.map(({ sid, conversion_status }: Record<string, string>) => [sid, conversion_status])).toEqual([
      [approved.attempt, 'converted'],
      [wrong.attempt, 'unconverted'],
      [byOperator.attempt, 'converted'],
      [called.attempt, 'unconverted'],
    ]);
    expect(body.attempts[0]).toEqual({
      ...{ sid: approved.attempt, account_sid: world.parts.accountSid, service_sid: world.serviceSid, verification_sid: approved.sid },
      ...{ date_created: '2026-01-01T00:00:00Z', date_updated: '2026-01-01T00:00:00Z', conversion_status: 'converted', channel: 'sms', price: null },
      channel_data: {
        ...{ verification_sid: approved.sid, to: '+1********71', status: 'confirmed', message_status: 'sent', error_code: null, country: null },
        ...{ code_length: null, locale: null, mcc: null, mnc: null, carrier: null },
      },
      url: `${world.url}/v2/Attempts/${approved.attempt}`,
    });
    expect(body.attempts[3].channel_data).toMatchObject({ to: '+49******20', country: 'DE', call_status: 'queued', status: 'unconfirmed' });
    expect(body.attempts[2].channel_data).toMatchObject({ to: 's***@example.com', country: null });
    for (const { sid, url, ...rest } of body.attempts) expect((await world.ask('GET', new URL(url).pathname)).body).toEqual({ sid, url, ...rest });
  });

  it('are found by each filter, and by several together', async () => {
    const world = await createWorld();
    const { approved, wrong, byOperator, called } = await fill(world);
    const found = async (query: string) => sidsOf(await list(world, query));
    expect(await found(`?ChannelData.To=${encodeURIComponent(OTHER)}`)).toEqual([wrong.attempt, called.attempt]);
    expect(await found('?Channel=email')).toEqual([byOperator.attempt]);
    expect(await found('?Channel=rbm')).toEqual([]);
    expect(await found('?Country=DE')).toEqual([wrong.attempt, called.attempt]);
    expect(await found('?Status=converted')).toEqual([approved.attempt, byOperator.attempt]);
    expect(await found('?Status=unconverted&Channel=call')).toEqual([called.attempt]);
    // Of one verification, under its sid as it was given.
    expect(await found(`?VerificationSid=VE${wrong.sid.slice(2).toUpperCase()}`)).toEqual([wrong.attempt, called.attempt]);
    expect(await found('?DateCreatedAfter=2026-01-01T00:01:00Z')).toEqual([wrong.attempt, byOperator.attempt, called.attempt]);
    expect(await found('?DateCreatedBefore=2026-01-01T00:01:00Z')).toEqual([approved.attempt, wrong.attempt]);
    expect(await found('?DateCreatedAfter=2026-01-01T00:01:01Z&DateCreatedBefore=2026-01-01T01:02:59.999%2B01:00')).toEqual([byOperator.attempt]);
    expect(await found(`?VerifyServiceSid=${world.serviceSid}&Status=converted`)).toEqual([approved.attempt, byOperator.attempt]);
    expect(await found(`?VerifyServiceSid=VA${'0'.repeat(32)}`)).toEqual([]);
  });

  it.each([
    ['?Status=yes', 60200, 'Status'],
    ['?Channel=sna', 60200, 'Channel'],
    ['?Country=US', 60200, 'Country'],
    ['?Country=XX', 60200, 'Country'],
    ['?DateCreatedAfter=yesterday', 60200, 'DateCreatedAfter'],
    ['?DateCreatedBefore=2026-02-30T25:00:00Z', 60200, 'DateCreatedBefore'],
    ['?VerifyServiceSid=VA1', 60200, 'VerifyServiceSid'],
    ['?VerificationSid=VA1', 60200, 'VerificationSid'],
    ['?ChannelData.To=1', 60200, 'ChannelData.To'],
    ['?PageToken=1x', 21481, undefined],
    ['?PageToken=1', 21481, undefined],
  ])('refuse %s', async (query, code, name) => {
    const world = await createWorld();
    const { status, body } = await list(world, query);
    expect([status, body.code]).toEqual([400, code]);
    if (name !== undefined) expect(body.message).toContain(`\`${name}\``);
  });

  it('are listed page by page, each once, with the filters in every link', async () => {
    const world = await createWorld();
    await world.listen();
    const sids: string[] = [];
    for (let index = 0; index < 23; index += 1) {
      const to = `+1415555${2_000 + index}`;
      sids.push((await start(world, to)).attempt);
      if (index % 2 === 0) await world.check({ To: to, Code: world.code(to) });
    }
    const { verificationAttempts } = world.client().verify.v2;
    expect((await verificationAttempts.list({ pageSize: 4 })).map(({ sid }) => sid)).toEqual(sids);
    expect((await verificationAttempts.list({ pageSize: 1 })).map(({ sid }) => sid)).toEqual(sids);
    const converted = await verificationAttempts.list({ pageSize: 5, status: 'converted' });
    expect(converted.map(({ sid }) => sid)).toEqual(sids.filter((_, index) => index % 2 === 0));
    const { meta } = (await list(world, '?Status=converted&PageSize=5')).body;
    for (const link of [meta.first_page_url, meta.next_page_url, meta.url]) expect(link).toContain('Status=converted&PageSize=5');
  });

  it('I12 are those of its own service for a key of one, and for an operator those of services of this door', async () => {
    const world = await createWorld();
    const other = await world.makeService({ name: 'Other' });
    const plain = await world.rest.makeService({ name: 'Plain' });
    await world.rest.parts.verifierFor(plain).start({ to: '+14155550199' });
    const mine = await start(world, TO);
    const theirs = await start(world, OTHER, 'sms', other);
    const key = await world.makeKey(world.serviceSid);
    expect(sidsOf(await list(world))).toEqual([mine.attempt, theirs.attempt]);
    expect(sidsOf(await list(world, '', key))).toEqual([mine.attempt]);
    expect(sidsOf(await list(world, `?VerifyServiceSid=${other}`, key))).toEqual([]);
    expect((await world.ask('GET', `/v2/Attempts/${theirs.attempt}`, { key })).body.code).toBe(20404);
    expect((await world.ask('GET', `/v2/Attempts/${mine.attempt}`, { key })).status).toBe(200);
    expect((await world.ask('GET', '/v2/Attempts/Summary', { key })).body.total_attempts).toBe(1);
    expect((await world.ask('GET', `/v2/Attempts/Summary?VerifyServiceSid=${other}`, { key })).body.total_attempts).toBe(0);
    expect((await summarize(world)).body.total_attempts).toBe(2);
    const journal = (await world.rest.store.entries({ limit: 100 }, undefined)).entries;
    const hidden = JSON.parse(journal.find(({ service }) => service === plain.id)?.data ?? '{}').deliveryId;
    expect((await world.ask('GET', `/v2/Attempts/${hidden}`)).body.code).toBe(20404);
  });

  it('are summed up by the same filters', async () => {
    const world = await createWorld();
    await fill(world);
    const counts = async (query = '') => {
      const { total_attempts, total_converted, total_unconverted, conversion_rate_percentage } = (await summarize(world, query)).body;
      return [total_attempts, total_converted, total_unconverted, conversion_rate_percentage];
    };
    expect(await counts()).toEqual([4, 2, 2, '50']);
    expect(await counts('?Channel=email')).toEqual([1, 1, 0, '100']);
    expect(await counts('?DestinationPrefix=%2B49')).toEqual([2, 0, 2, '0']);
    expect(await counts('?DestinationPrefix=4')).toEqual([2, 0, 2, '0']);
    expect(await counts('?DestinationPrefix=1')).toEqual([1, 1, 0, '100']);
    expect(await counts('?DestinationPrefix=33')).toEqual([0, 0, 0, '0']);
    expect(await counts('?Country=DE&DestinationPrefix=4')).toEqual([2, 0, 2, '0']);
    expect(await counts('?Country=DE&DestinationPrefix=1')).toEqual([0, 0, 0, '0']);
    expect(await counts('?DateCreatedBefore=2026-01-01T00:00:00Z')).toEqual([1, 1, 0, '100']);
    for (const prefix of ['491', '1415', 'x', '0']) expect((await summarize(world, `?DestinationPrefix=${prefix}`)).body.code).toBe(60200);
  });
});

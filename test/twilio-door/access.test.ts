import { describe, expect, it } from 'vitest';
import { SCOPES } from '../../src/engine/api-key.ts';
import type { NewApiKey } from '../../src/engine/tenants.ts';
import { TWILIO_OPERATIONS } from '../../src/http/twilio/operations.ts';
import { TO } from '../http/world.ts';
import { createWorld, type FormAnswer, type FormInput, type TwilioWorld } from './world.ts';

/** What each operation is asked with. */
const FORMS: Readonly<Record<string, FormInput>> = {
  CreateService: { FriendlyName: 'x' },
  CreateVerification: { To: '+14155552679', Channel: 'sms' },
  CreateVerificationCheck: { To: TO, Code: '123456' },
  UpdateVerification: { Status: 'canceled' },
  CreateRateLimit: { UniqueName: 'other' },
  CreateBucket: { Max: '5', Interval: '7' },
};

const OPERATIONS = TWILIO_OPERATIONS.map((operation) => [operation.id, operation] as const);

async function run(
  world: TwilioWorld,
  { id, method, path }: (typeof TWILIO_OPERATIONS)[number],
  of: { readonly service: string; readonly key: NewApiKey | null; readonly sid?: string; readonly rates: Rates },
): Promise<FormAnswer> {
  const ownSid = path.startsWith('/Attempts')
    ? of.rates.attempt
    : path.includes('/Buckets/')
      ? of.rates.bucket
      : path.includes('/RateLimits/')
        ? of.rates.limit
        : (of.sid ?? TO);
  const url = `/v2${path}`
    .replace(/\/Services\/\{\w+\}/, `/Services/${of.service}`)
    .replace('{RateLimitSid}', of.rates.limit)
    .replace('{Sid}', ownSid);
  return world.ask(method, url, { key: of.key, ...(method === 'POST' && { form: FORMS[id] ?? {} }) });
}

/** A rate limit with one bucket, and a message that was sent. */
interface Rates {
  readonly attempt: string;
  readonly limit: string;
  readonly bucket: string;
}

async function openTwo() {
  const world = await createWorld();
  const other = await world.makeService({ name: 'Other' });
  const { body } = await world.create();
  const limit = (await world.of('POST', '/RateLimits', { UniqueName: 'ip' })).body.sid as string;
  const bucket = (await world.of('POST', `/RateLimits/${limit}/Buckets`, { Max: '5', Interval: '60' })).body.sid as string;
  const key = await world.makeKey(world.serviceSid);
  return {
    world,
    other,
    own: world.serviceSid,
    sid: body.sid as string,
    key,
    rates: { limit, bucket, attempt: body.send_code_attempts[0].attempt_sid as string },
  };
}

describe('who may come in', () => {
  it.each(OPERATIONS)('needs a key: %s', async (_, operation) => {
    const { world, own, rates } = await openTwo();
    expect(await run(world, operation, { service: own, key: null, rates })).toMatchObject({ status: 401, body: { code: 20003 } });
  });

  it.each(OPERATIONS)('needs a key of the right scope: %s', async (id, operation) => {
    const { world, own, rates } = await openTwo();
    const needed = operation.scope === 'any' ? 'start' : operation.scope;
    const others = SCOPES.filter((scope) => scope !== needed);
    expect(await run(world, operation, { service: own, key: await world.makeKey(null, others), rates })).toMatchObject({
      status: 403,
      body: { code: 20403 },
    });
    const answer = await run(world, operation, { service: own, key: await world.makeKey(null, [needed]), rates });
    expect(answer.status, id).toBeLessThan(300);
  });

  it.each(OPERATIONS.filter(([, { path }]) => path.startsWith('/Services/')))(
    'I12 finds no service of another key, nor one that is not of this door: %s',
    async (_, operation) => {
      const { world, other, sid, key, own, rates } = await openTwo();
      const plain = (await world.rest.makeService({ name: 'Plain', checkByDestination: true })).id;
      const root = await world.makeKey(null);
      const strangers = [
        { service: other, key, sid, rates },
        { service: plain, key: root, sid, rates },
        { service: `VA${'0'.repeat(32)}`, key: root, sid, rates },
        { service: other, key: root, sid, rates },
      ];
      for (const stranger of strangers) {
        const isOperators = operation.isOperators === true && stranger.key === key;
        const isTheirs = stranger.service === other && stranger.key === root;
        // The last is an operator's, who may do everything with a service but find what is another's in it.
        if (isTheirs && !/Verification|RateLimits\/\{/.test(operation.path)) continue;
        if (isTheirs && operation.id === 'CreateVerification') continue;
        const { status, body } = await run(world, operation, stranger);
        expect([status, body.code]).toEqual(isOperators ? [403, 20403] : [404, 20404]);
      }
      expect((await world.of('GET', `/Verifications/${sid}`)).body.status).toBe('pending');
      expect((await world.ask('GET', `/v2/Services/${own}`)).status).toBe(200);
    },
  );

  it('lists for a key of one service that service alone', async () => {
    const { world, own, key } = await openTwo();
    const { body } = await world.ask('GET', '/v2/Services', { key });
    expect(body.services.map(({ sid }: { sid: string }) => sid)).toEqual([own]);
    expect(body.meta).toEqual({
      key: 'services',
      page: 0,
      page_size: 50,
      first_page_url: `${world.url}/v2/Services?PageSize=50&Page=0`,
      previous_page_url: null,
      next_page_url: null,
      url: `${world.url}/v2/Services?PageSize=50&Page=0`,
    });
    expect((await world.ask('GET', `/v2/Services?PageToken=VA${'f'.repeat(32)}`, { key })).body.services).toEqual([]);
    const plain = await world.makeKey((await world.rest.makeService()).id);
    expect((await world.ask('GET', '/v2/Services', { key: plain })).body.services).toEqual([]);
  });

  it('belongs to one account, whoever asks and whichever process answers', async () => {
    const first = await createWorld();
    const second = await createWorld();
    const sids = await Promise.all([first, second].map(async (world) => (await world.of('GET', '')).body.account_sid));
    expect(new Set(sids).size).toBe(1);
    expect(sids[0]).toMatch(/^AC[0-9a-f]{32}$/);
    expect(sids[0]).not.toBe(first.key.key.id.replace('SK', 'AC'));
  });
});

import { describe, expect, it } from 'vitest';
import { CountersignError } from '../core/errors.ts';
import { createRedisStore } from '../stores/redis.ts';
import { openStore } from './open-store.ts';
import { parseRedisAddress } from './redis-address.ts';

const PASSWORD = 'hunter2-of-the-server';

async function faultOf(call: () => unknown): Promise<CountersignError> {
  const error = await Promise.resolve()
    .then(call)
    .catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(CountersignError);
  expect(`${(error as Error).message} ${(error as Error).stack}`).not.toContain('hunter2');
  return error as CountersignError;
}

describe('an address of Redis', () => {
  it.each([
    ['redis://h', { url: 'redis://h' }],
    ['redis://h?', { url: 'redis://h' }],
    [`rediss://u:${PASSWORD}@h:1/2?prefix=shop%3A`, { url: `rediss://u:${PASSWORD}@h:1/2`, prefix: 'shop:' }],
    ['redis://h?acknowledge=eviction', { url: 'redis://h', acknowledge: ['eviction'] }],
    [
      'redis://h?waitReplicas=1&acknowledge=eviction&waitTimeout=500&acknowledge=no_append_only_file',
      { url: 'redis://h', acknowledge: ['eviction', 'no_append_only_file'], wait: { replicas: 1, timeout: 500 } },
    ],
    ['redis://a,redis://b', { url: ['redis://a', 'redis://b'] }],
    ['redis://a?prefix=x%2Cy,redis://b?acknowledge=eviction', { url: ['redis://a', 'redis://b'], prefix: 'x,y', acknowledge: ['eviction'] }],
  ])('says what its store is to do: %s', async (address, options) => {
    expect(parseRedisAddress(address)).toEqual(options);
    await createRedisStore(parseRedisAddress(address)).close();
  });

  it.each([
    [
      'a word that nobody knows',
      'password=hunter2-of-the-server',
      /prefix, acknowledge, waitReplicas, waitTimeout behind its "\?", and nothing else/,
    ],
    ['a prefix twice', 'prefix=a&prefix=b', /says something twice/],
    ['half of what to wait for', 'waitReplicas=1', /belong together/],
    ['no number of replicas', 'waitReplicas=hunter2&waitTimeout=1', /wait must have at least 1 replicas/],
    ['a wait that is too long', 'waitReplicas=1&waitTimeout=9999', /a timeout of 1 to 1500 milliseconds/],
    ['an empty prefix', 'prefix=', /prefix must be a text of at least one character/],
    ['a risk that there is not', 'acknowledge=hunter2', /acknowledge must be a list of eviction, no_append_only_file/],
  ])('is refused with %s, and not repeated', async (_, search, message) => {
    const error = await faultOf(() => openStore(`redis://u:${PASSWORD}@h?${search}`));
    expect(error).toMatchObject({ code: 'configuration_invalid', message: expect.stringMatching(message) });
  });
});

import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { CountersignError } from '../../src/core/errors.ts';
import { createOutboxSender } from '../../src/senders/outbox.ts';
import { createService, type Service } from '../../src/service/service.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import type { Store } from '../../src/stores/store.ts';
import { toWrongCode } from '../cli/run-cli.ts';
import { SECRET, toNumber } from './world.ts';

/** A store whose server is restarted: while it is down every call is refused, and what it answered before stays. */
function createRestartable(): { readonly store: Store; isDown: boolean } {
  const below = createMemoryStore();
  const restartable = {
    isDown: false,
    store: new Proxy(below, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== 'function' || name === 'close' || name === 'describe') return typeof value === 'function' ? value.bind(target) : value;
        return async (...given: unknown[]) => {
          if (restartable.isDown) throw new CountersignError('store_unavailable', 'the store cannot be reached');
          return value.apply(target, given);
        };
      },
    }),
  };
  return restartable;
}

/** A service within this process, and how to ask it. */
async function begin(store: Store) {
  const outbox = createOutboxSender();
  const logs: string[] = [];
  const rates = { keyPerMinute: 600_000, keyBurst: 100_000, addressPerMinute: 600_000, addressBurst: 100_000 };
  const parts = { store, senders: [outbox], hasMetricsListener: false, log: { write: (line: string) => void logs.push(line) } };
  const service = await createService({ secret: SECRET, port: 0, rates }, parts);
  onTestFinished(() => service.close());
  const { id } = await service.tenants.createService({ name: 'test' });
  const { key, secret } = await service.tenants.createKey({ name: 'test', service: id, scopes: ['start', 'check', 'read'] });
  const authorization = `Basic ${Buffer.from(`${key.id}:${secret.reveal()}`).toString('base64')}`;
  return { service, outbox, logs, post: (url: string, payload: object) => post(service, authorization, url, payload) };
}

async function post({ app }: Service, authorization: string, url: string, payload: object) {
  const { statusCode, headers, body } = await app.inject({ method: 'POST', url, headers: { authorization }, payload });
  return { status: statusCode, headers, body: JSON.parse(body) };
}

describe('a store that is restarted under load', () => {
  it('I14: is answered 503 with Retry-After while it is down, approves and sends nothing, and goes on afterwards', async () => {
    const restartable = createRestartable();
    const { service, outbox, logs, post: ask } = await begin(restartable.store);
    const started = await Promise.all(Array.from({ length: 40 }, (_, index) => ask('/v1/verifications', { to: toNumber(index) })));
    expect(started.map(({ status }) => status)).toEqual(Array(40).fill(201));
    const codes = started.map((_, index) => outbox.last(toNumber(index)).code);
    const check = (index: number, code = codes[index] ?? '') => ask(`/v1/verifications/${started[index]?.body.id}/check`, { code });
    expect((await check(0)).body.status).toBe('approved');
    expect((await check(1, toWrongCode(codes[1] ?? ''))).body).toMatchObject({ status: 'pending', attemptsLeft: 4 });

    restartable.isDown = true;
    const sent = outbox.messages.length;
    const during = await Promise.all([
      ...Array.from({ length: 40 }, (_, index) => check(index)),
      ...Array.from({ length: 40 }, (_, index) => ask('/v1/verifications', { to: toNumber(100 + index) })),
    ]);
    expect(during.map(({ status }) => status)).toEqual(Array(80).fill(503));
    expect(during.every(({ headers }) => Number(headers['retry-after']) >= 1)).toBe(true);
    expect(during.every(({ body }) => body.code === 'store_unavailable')).toBe(true);
    expect(outbox.messages.length).toBe(sent);
    expect((await service.app.inject('/readyz')).statusCode).toBe(503);
    expect((await service.app.inject('/livez')).statusCode).toBe(200);

    restartable.isDown = false;
    // What was found a moment ago is told for a second.
    const monotonic = performance.now.bind(performance);
    vi.spyOn(performance, 'now').mockImplementation(() => monotonic() + 1_000);
    onTestFinished(() => void vi.restoreAllMocks());
    expect((await service.app.inject('/readyz')).statusCode).toBe(200);
    // What was answered holds, and the guesses of the outage were not charged.
    expect((await check(0)).body.status).toBe('already_approved');
    expect((await check(1, toWrongCode(codes[1] ?? ''))).body).toMatchObject({ status: 'pending', attemptsLeft: 3 });
    const after = await Promise.all(Array.from({ length: 38 }, (_, index) => check(index + 2)));
    expect(after.map(({ body }) => body.status)).toEqual(Array(38).fill('approved'));
    expect(logs.filter((line) => line.includes('"code":"store_unavailable"')).length).toBeGreaterThan(0);
  });
});

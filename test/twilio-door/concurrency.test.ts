import { describe, expect, it } from 'vitest';
import { CountersignError } from '../../src/core/errors.ts';
import type { Store } from '../../src/stores/store.ts';
import { TO, wrongCode } from '../http/world.ts';
import { createWorld, type FormAnswer } from './world.ts';

const times = <T>(count: number, ask: (index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => ask(index)));

const codesOf = (answers: readonly FormAnswer[]) => [...new Set(answers.map(({ status, body }) => body.code ?? status))].sort();

describe('at once', () => {
  it('I3 of a thousand guesses five are compared, whichever way they name the verification', async () => {
    const world = await createWorld();
    const { body } = await world.create();
    const [code, sid] = [world.code(), body.sid as string];
    const guesses = await times(1_000, (index) =>
      world.check({
        ...(index % 2 === 0 ? { To: TO } : { VerificationSid: sid }),
        Code: String((Number(code) + 1 + index) % 1_000_000).padStart(6, '0'),
      }),
    );
    expect(guesses.filter(({ status }) => status === 200).length).toBe(5);
    expect(guesses.every(({ status, body: { code: error, valid } }) => (status === 200 ? valid === false : error === 60202))).toBe(true);
    expect((await world.check({ To: TO, Code: code })).body.code).toBe(60202);
  });

  it('I1 of a thousand right guesses one is approved', async () => {
    const world = await createWorld();
    await world.create();
    const guesses = await times(1_000, () => world.check({ To: TO, Code: world.code() }));
    expect(guesses.filter(({ body }) => body.valid === true).length).toBe(1);
    expect(codesOf(guesses)).toEqual([200, 20404]);
  });

  it('I5 of a hundred creates one sends a message', async () => {
    const world = await createWorld();
    const creates = await times(100, () => world.create());
    expect(world.rest.sender.calls).toBe(1);
    expect(creates.filter(({ status }) => status === 201).length).toBe(1);
    for (const { status, body } of creates) if (status !== 201) expect([20429, 60212]).toContain(body.code);
  });

  it('ends once, as one of the ways that are asked for', async () => {
    const world = await createWorld();
    const { body } = await world.create();
    const answers = await times(60, (index) => {
      if (index % 3 === 0) return world.check({ To: TO, Code: world.code() });
      return world.of('POST', `/Verifications/${body.sid}`, { Status: index % 3 === 1 ? 'approved' : 'canceled' });
    });
    const ends = new Set(answers.filter(({ status }) => status === 200).map(({ body: { status } }) => status));
    expect(ends.size).toBe(1);
  });
});

describe('a client that repeats what failed', () => {
  /** A store whose answer to one write of a destination is lost: the write itself is there, or is not. */
  const losing =
    (lost: number, isWritten: boolean) =>
    (store: Store): Store => {
      let writes = 0;
      return new Proxy(store, {
        get(target, name) {
          const value = Reflect.get(target, name) as unknown;
          if (typeof value !== 'function') return value;
          return async (...given: readonly [{ readonly kind?: string }?, ...unknown[]]) => {
            const isLost = name === 'update' && given[0]?.kind === 'destination' && ++writes === lost;
            const done = !isLost || isWritten ? await value.apply(target, given) : undefined;
            if (isLost) throw new CountersignError('store_unavailable', 'the answer was lost');
            return done;
          };
        },
      });
    };

  it('sends no message where the claim of one was written and nobody knew', async () => {
    const world = await createWorld({ wrapStore: losing(1, true) });
    expect(await world.create()).toMatchObject({ status: 503, body: { code: 20503 } });
    for (let attempt = 0; attempt < 2; attempt += 1) expect(await world.create()).toMatchObject({ status: 429, body: { code: 60212 } });
    expect(world.rest.sender.calls).toBe(0);
    world.pass(60_000);
    expect((await world.create()).status).toBe(201);
    expect(world.rest.sender.calls).toBe(1);
  });

  it.each([true, false])('sends no second message where what became of the first was written: %s', async (isWritten) => {
    const world = await createWorld({ wrapStore: losing(2, isWritten) });
    const first = await world.create();
    // The message has left, and what is not known is answered as if it had.
    expect(first).toMatchObject({ status: 201, body: { status: 'pending' } });
    for (let attempt = 0; attempt < 2; attempt += 1)
      expect(await world.create()).toMatchObject({ status: 429, body: { code: isWritten ? 20429 : 60212 } });
    expect(world.rest.sender.calls).toBe(1);
    expect((await world.check({ To: TO, Code: wrongCode(world.code()) })).body.status).toBe('pending');
    expect((await world.check({ To: TO, Code: world.code() })).body.status).toBe('approved');
  });

  it('I6 loses no approval to what the door does not need', async () => {
    const wrapStore = (store: Store): Store =>
      new Proxy(store, {
        get(target, name) {
          const value = Reflect.get(target, name) as unknown;
          if (typeof value !== 'function') return value;
          return (...given: readonly [{ readonly kind?: string }?, ...unknown[]]) => {
            if (given[0]?.kind === 'nonce') return Promise.reject(new CountersignError('store_unavailable', 'nonces cannot be read'));
            return value.apply(target, given);
          };
        },
      });
    const world = await createWorld({ wrapStore });
    await world.create();
    expect((await world.check({ To: TO, Code: world.code() })).body).toMatchObject({ status: 'approved', valid: true });
  });

  it('is told of a message that may have left that it left, and sends no second', async () => {
    const world = await createWorld();
    world.rest.sender.next('throw');
    const first = await world.create();
    expect(first).toMatchObject({ status: 201, body: { status: 'pending' } });
    expect(await world.create()).toMatchObject({ status: 429, body: { code: 20429 } });
    expect(world.rest.sender.calls).toBe(1);
  });
});

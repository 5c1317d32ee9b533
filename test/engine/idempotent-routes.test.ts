import { describe, expect, it } from 'vitest';
import { MINUTE } from '../../src/core/duration.ts';
import { createIdempotency, type IdempotencyScope } from '../../src/engine/idempotency.ts';
import { createVerifier } from '../../src/engine/verifier.ts';
import { createSelfIssuedProvider } from '../../src/providers/self-issued.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import { createRecordingSender } from '../../src/testing/recording-sender.ts';
import { TenantsWorld } from '../tenants-world.ts';

const to = '+14155552671';
const never = new Promise<never>(() => undefined);
const scopeOf = (route: string): IdempotencyScope => ({ tenant: 'VA1', route, key: 'key', body: route });

/** A verifier behind idempotency, whose process can crash after the engine has answered and before the answer is kept. */
function setUp() {
  const world = new TenantsWorld();
  const store = createMemoryStore({ clock: { now: () => world.clock } });
  const sender = createRecordingSender();
  const provider = createSelfIssuedProvider({ senders: [sender] });
  const verifier = createVerifier({ store, provider, secret: 'a secret of at least 32 random bytes' });
  const idempotency = createIdempotency({ store, keys: world.keys });

  /** Runs a route, crashes behind its work, and runs it again `after` milliseconds. Both answers of the engine. */
  const crash = async <T>(route: string, act: (attemptId: string) => Promise<T>, after = MINUTE) => {
    const first = await new Promise<T>((resolve) => {
      void idempotency.run(scopeOf(route), async (attemptId) => {
        resolve(await act(attemptId));
        return never;
      });
    });
    world.clock += after;
    const outcome = await idempotency.run(scopeOf(route), async (attemptId) => ({ status: 200, body: await act(attemptId) }));
    if (outcome.kind !== 'answer') throw new Error(`not answered: ${outcome.kind}`);
    return [first, outcome.answer.body as T] as const;
  };
  return { world, sender, verifier, idempotency, crash };
}

describe('a request that runs again because a process crashed before it kept the answer', () => {
  it.each([undefined, 'account 1'])('sends no second message: start with requester %s', async (requester) => {
    const { sender, verifier, crash } = setUp();
    const input = { to, ...(requester !== undefined && { requester }) };
    const [first, second] = await crash('start', () => verifier.start(input));
    expect([first.status, second]).toEqual(['pending', expect.objectContaining({ status: 'refused', reason: 'resend_too_soon' })]);
    expect(sender.messages).toHaveLength(1);
  });

  it('sends no second message: resend', async () => {
    const { world, sender, verifier, crash } = setUp();
    const started = await verifier.start({ to });
    world.clock += 2 * MINUTE;
    const id = started.status === 'pending' ? started.id : '';
    const [first, second] = await crash('resend', () => verifier.resend({ id }));
    expect([first.status, second]).toEqual(['pending', expect.objectContaining({ status: 'refused', reason: 'resend_too_soon' })]);
    expect(sender.messages).toHaveLength(2);
  });

  it('I1 approves once: check', async () => {
    const { sender, verifier, crash } = setUp();
    const started = await verifier.start({ to });
    const id = started.status === 'pending' ? started.id : '';
    const code = sender.messages[0]?.code.reveal() ?? '';
    const [first, second] = await crash('check', (attemptId) => verifier.check({ id, code, attemptId }));
    expect([first.status, second.status]).toEqual(['approved', 'already_approved']);
  });

  it('gives an approval again, and charges no wrong guess twice, where it runs again within a minute', async () => {
    const { world, sender, verifier, idempotency } = setUp();
    const started = await verifier.start({ to });
    const id = started.status === 'pending' ? started.id : '';
    const right = sender.messages[0]?.code.reveal() ?? '';
    for (const [code, expected] of [
      [right === '000000' ? '000001' : '000000', { status: 'pending', attemptsLeft: 4 }],
      [right, { status: 'approved' }],
    ] as const) {
      const answers: unknown[] = [];
      const run = (act: () => void) =>
        idempotency.run({ ...scopeOf('check'), body: code, key: code }, async (attemptId) => {
          answers.push(await verifier.check({ id, code, attemptId }));
          act();
          return { status: 200, body: {} };
        });
      const lost = new Error('the process could not go on');
      const fail = () => {
        throw lost;
      };
      await expect(run(fail)).rejects.toBe(lost);
      world.clock += MINUTE - 1;
      await run(() => undefined);
      expect(answers).toEqual([expect.objectContaining(expected), expect.objectContaining(expected)]);
    }
  });

  it('cancels once', async () => {
    const { verifier, crash } = setUp();
    const started = await verifier.start({ to });
    const id = started.status === 'pending' ? started.id : '';
    const [first, second] = await crash('cancel', () => verifier.cancel({ id }));
    expect(second).toEqual(first);
  });
});

import type { FastifyReply, FastifyRequest } from 'fastify';
import { describe, expect, it, vi } from 'vitest';
import { CHANNELS } from '../../src/core/destination.ts';
import { DEFAULT_LIMITS } from '../../src/engine/limits.ts';
import { createTwilioVerifyProvider } from '../../src/providers/twilio-verify.ts';
import { providerSuite } from '../../src/testing/testing.ts';
import { TwilioWorld } from './world.ts';

/** Longer than the provider waits for an answer. */
const TOO_LONG = 10_000;

/** Between two messages to one number, behind the door. */
const SPACING = 10_000;

type Fault = 'refuse' | 'cut' | 'hang';

/** The next request meets a fault, on its way here or on its way back. */
class Wire {
  #fault: Fault | undefined;
  readonly #hung: (() => void)[] = [];

  constructor({ rest: { app } }: TwilioWorld) {
    app.addHook('onRequest', async (_: FastifyRequest, reply) => this.#refuse(reply));
    app.addHook('onSend', async (request: FastifyRequest, _, payload) => this.#lose(request, payload));
  }

  next(fault: Fault): void {
    this.#fault = fault;
  }

  /** Resolves when a request that is never answered is here. */
  whenHung(): Promise<void> {
    return new Promise((resolve) => this.#hung.push(resolve));
  }

  #refuse(reply: FastifyReply): FastifyReply | undefined {
    if (this.#fault !== 'refuse') return undefined;
    this.#fault = undefined;
    const message = 'Too many requests';
    return reply
      .code(429)
      .header('retry-after', '1')
      .send({ code: 20_429, message, more_info: 'https://www.twilio.com/docs/errors/20429', status: 429 });
  }

  async #lose({ raw }: FastifyRequest, payload: unknown): Promise<unknown> {
    const fault = this.#fault;
    if (fault === undefined || fault === 'refuse') return payload;
    this.#fault = undefined;
    if (fault === 'cut') raw.socket.destroy();
    for (const resolve of this.#hung.splice(0)) resolve();
    return new Promise(() => {});
  }
}

/**
 * The provider and the door of this package, each as if the other were Twilio: what the one asks, the other answers, and Twilio's document is the referee.
 * The limits behind the door are wide, so that those in front of it are what is tried.
 */
async function openBoth(clock: { now(): number }) {
  const limits = { ...DEFAULT_LIMITS, sendsPerHour: 100, sendsPerDay: 100, knownSendsPerDay: 100, wrongPerHour: 100, wrongPerDay: 100 };
  const world = new TwilioWorld({ deployment: { limits, allowedCountries: null, channels: CHANNELS } });
  // By the time that a message is asked for the spacing after the one before is over: what refuses is in front of the door.
  let spacings = 0;
  world.rest.app.addHook('onRequest', async ({ url }) => {
    if (/\/Verifications$/.test(url)) spacings += 1;
  });
  Object.defineProperty(world.rest, 'clock', { get: () => clock.now() + spacings * SPACING });
  world.serviceSid = await world.makeService();
  world.key = await world.makeKey(world.serviceSid, ['start', 'check']);
  const wire = new Wire(world);
  await world.listen();
  const { key, secret } = world.key;
  const provider = createTwilioVerifyProvider({
    accountSid: key.id.replace('SK', 'AC'),
    authToken: secret.reveal(),
    serviceSid: world.serviceSid,
    baseUrl: world.url,
  });
  return { world, wire, provider };
}

describe('the provider of this package, at the door of this package', () => {
  providerSuite({ describe, it }, async ({ clock }) => {
    const { world, wire, provider } = await openBoth(clock);
    return {
      provider,
      codesSentTo: (to) => world.rest.sender.messagesTo(to).map(({ code }) => code.reveal()),
      fail: {
        refuse: () => wire.next('refuse'),
        cut: () => wire.next('cut'),
        hang() {
          wire.next('hang');
          vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
          return async () => {
            await wire.whenHung();
            await vi.advanceTimersByTimeAsync(TOO_LONG);
            vi.useRealTimers();
          };
        },
      },
      async cleanup() {
        world.rest.app.server.closeAllConnections();
        await world.rest.app.close();
        expect(world.violations).toEqual([]);
      },
    };
  });
});

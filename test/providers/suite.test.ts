import { describe, it, vi } from 'vitest';
import { CHANNELS } from '../../src/core/destination.ts';
import { createSelfIssuedProvider } from '../../src/providers/self-issued.ts';
import { createTwilioVerifyProvider } from '../../src/providers/twilio-verify.ts';
import type { Sender } from '../../src/senders/sender.ts';
import { providerSuite } from '../../src/testing/testing.ts';
import { createTwilioDouble } from '../twilio/double.ts';
import { credentialsOf } from '../twilio/provider-world.ts';

const SECONDS = 1_000;

/** From here on timers are a test's; what it returns lets so much time pass and gives them back. */
function fakeTimers(): (milliseconds: number) => Promise<void> {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  return async (milliseconds) => {
    await vi.advanceTimersByTimeAsync(milliseconds);
    vi.useRealTimers();
  };
}

describe('Twilio Verify, by the official SDK', () => {
  providerSuite({ describe, it }, async ({ clock }) => {
    const double = await createTwilioDouble({ clock });
    return {
      provider: createTwilioVerifyProvider(credentialsOf(double)),
      codesSentTo: (to) => double.messages.filter((message) => message.to === to).map(({ code }) => code),
      fail: {
        refuse: () => double.next({ error: 20429 }),
        cut: () => double.next('cut_after'),
        hang() {
          double.next('hang_after');
          const pass = fakeTimers();
          return async () => {
            await double.whenHung();
            await pass(10 * SECONDS);
          };
        },
      },
      cleanup: () => double.close(),
    };
  });
});

describe('self-issued codes', () => {
  providerSuite(
    { describe, it },
    () => {
      const left: { readonly to: string; readonly code: string }[] = [];
      let step: 'sent' | 'refused' | 'throw' | 'hang' = 'sent';
      const gateway: Sender = {
        name: 'gateway',
        channels: CHANNELS,
        async send({ to, code }) {
          const now = step;
          step = 'sent';
          if (now === 'refused') return { status: 'refused', permanent: false };
          left.push({ to: to.reveal(), code: code.reveal() });
          if (now === 'throw') throw new Error(`nothing was heard of ${code.reveal()} to ${to.reveal()}`);
          return now === 'hang' ? new Promise(() => {}) : { status: 'sent', reference: 'batch 1' };
        },
      };
      return {
        provider: createSelfIssuedProvider({ senders: [gateway] }),
        codesSentTo: (to) => left.filter((message) => message.to === to).map(({ code }) => code),
        fail: {
          refuse() {
            step = 'refused';
          },
          cut() {
            step = 'throw';
          },
          hang() {
            step = 'hang';
            const pass = fakeTimers();
            return () => pass(10 * SECONDS);
          },
        },
      };
    },
    { judges: false },
  );
});

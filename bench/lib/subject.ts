import { createKeyRing } from '../../src/core/keys.ts';
import { createVault } from '../../src/engine/vault.ts';
import { createSelfIssuedProvider, createVerifier, DEFAULT_LIMITS, type Sender, type Store, type Verifier } from '../../src/index.ts';

/** What every subject is keyed with. */
export const SECRET = 'a secret that benches share, 32 bytes or more';
const keys = createKeyRing({ secret: SECRET });
const vault = createVault(keys);

/** It takes every message and does nothing with it: what a gateway costs is not ours. */
export const sender: Sender = { name: 'none', channels: ['sms'], send: async () => ({ status: 'sent' }) };

/** The verifier that is measured: every setting as it comes. @param service whose verifications they are; the default one's if absent. */
export function createSubject(store: Store, service?: string): Verifier {
  return createVerifier({
    secret: SECRET,
    store,
    provider: createSelfIssuedProvider({ senders: [sender] }),
    ...(service !== undefined && { service }),
  });
}

/** A guess and what is to become of it. */
export interface Guess {
  readonly id: string;
  readonly code: string;
  readonly expected: 'approved' | 'pending';
}

/** A right guess at a verification, or a wrong one. The code is derived as the verifier does, so that no sender has to keep it. */
export function toGuess(id: string, isRight: boolean): Guess {
  const code = vault
    .derive(id, { keyId: keys.issuing.id, length: DEFAULT_LIMITS.codeLength, generation: 0, guessed: false, digest: undefined })
    .reveal();
  if (isRight) return { id, code, expected: 'approved' };
  return { id, code: code.replace(/.$/, (digit) => String((Number(digit) + 1) % 10)), expected: 'pending' };
}

/** Half right, half wrong, in an order that is none. */
export function toGuesses(ids: readonly string[]): Guess[] {
  return ids.map((id, index) => toGuess(id, index % 2 === 0));
}

/** Ensure that what is timed is a guess judged as it should be, and not a refusal, which is cheap. */
export async function checkGuess(verifier: Verifier, { id, code, expected }: Guess): Promise<void> {
  const { status } = await verifier.check({ id, code });
  if (status !== expected) throw new Error(`a guess was answered ${status} instead of ${expected}`);
}

/** Starts a verification and returns its id. */
export async function startNew(verifier: Verifier, to: string): Promise<string> {
  const started = await verifier.start({ to });
  if (started.status !== 'pending') throw new Error(`a start was refused: ${started.reason}`);
  return started.id;
}

const NUMBERING_PLANS: readonly (readonly [prefix: string, digits: number])[] = [
  ['+1415', 7],
  ['+49151', 8],
  ['+9198', 8],
  ['+447400', 6],
];

/** A valid mobile number, another for each `index` up to 3,000,000, in turn of four countries: their patterns are not equally long. */
export function toPhoneNumber(index: number): string {
  const [prefix, digits] = NUMBERING_PLANS[index % NUMBERING_PLANS.length] as (typeof NUMBERING_PLANS)[number];
  const subscriber = Math.floor(index / NUMBERING_PLANS.length);
  // From 2 on: no number of North America has an exchange that begins with 0 or 1.
  return prefix + String(2 * 10 ** (digits - 1) + subscriber).padStart(digits, '0');
}

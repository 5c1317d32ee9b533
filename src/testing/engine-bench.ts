import type { Limits } from '../engine/limits.ts';
import type { CheckResult, PendingResult, StartInput, StartResult } from '../engine/results.ts';
import { createVerifier, type Verifier } from '../engine/verifier.ts';
import { createSelfIssuedProvider } from '../providers/self-issued.ts';
import { createRecordingSender, type RecordingSender, type SendBehaviour } from './recording-sender.ts';
import { allAtOnce, expectEqual, type Stage } from './store-case.ts';

/** What a verification is tried on. */
export const TO = '+14155552671';

/** Send budgets out of the way of what is tried. */
export const ROOMY: Partial<Limits> = { sendsPerHour: 100, sendsPerDay: 100 };

/** What two verifiers have said happened: a guess that was compared, right or wrong, and an approval. */
export interface Seen {
  right: number;
  wrong: number;
  approved: number;
}

/** The engine on a store, as it runs in two processes behind one balancer. */
export interface EngineBench {
  readonly sender: RecordingSender;
  readonly seen: Seen;
  /** One on each handle. */
  readonly verifiers: readonly [Verifier, Verifier];
  /** The code in the newest message to a destination. */
  codeFor(to?: string): string;
  /** Calls both verifiers in turn, all at once. */
  crowd<T>(size: number, call: (verifier: Verifier, index: number) => Promise<T>): Promise<T[]>;
  /** Starts where nothing stands in the way. */
  start(input?: Partial<StartInput>): Promise<PendingResult>;
}

/** Makes two verifiers on two handles, with one sender. */
export async function createBench(stage: Stage, limits: Partial<Limits> = {}, behaviour: SendBehaviour = 'sent'): Promise<EngineBench> {
  const sender = createRecordingSender(behaviour);
  const seen: Seen = { right: 0, wrong: 0, approved: 0 };
  const make = async () => {
    const provider = createSelfIssuedProvider({ senders: [sender] });
    const verifier = createVerifier({ secret: 'the store suite keeps no secret at all', store: await stage.connect(), provider, limits });
    verifier.on('checked', ({ right }) => {
      seen[right ? 'right' : 'wrong'] += 1;
    });
    verifier.on('approved', () => {
      seen.approved += 1;
    });
    return verifier;
  };
  const verifiers = [await make(), await make()] as const;
  return {
    sender,
    seen,
    verifiers,
    codeFor: (to = TO) => sender.messagesTo(to).at(-1)?.code.reveal() ?? '',
    crowd: (size, call) => allAtOnce(size, (index) => call(verifiers[index % 2 === 0 ? 0 : 1], index)),
    async start(input = {}) {
      const started = await verifiers[0].start({ to: TO, ...input });
      return assertPending(started);
    },
  };
}

/** Whether a message left. */
export function isPending(result: { readonly status: string }): boolean {
  return result.status === 'pending';
}

/** So many codes of six digits, all different, and none of them the right one. */
export function wrongCodes(right: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => String((Number(right) + index + 1) % 1_000_000).padStart(6, '0'));
}

/** Guesses wrong until the verification ends, one after the other. */
export async function useUpGuesses(verifier: Verifier, id: string, right: string): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  for (const code of wrongCodes(right, 5)) results.push(await verifier.check({ id, code }));
  return results;
}

/** How often each status was answered. */
export function countByStatus(results: readonly { readonly status: string }[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status } of results) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

function assertPending(started: StartResult): PendingResult {
  if (started.status === 'pending') return started;
  expectEqual(
    started,
    'a pending verification',
    "a start was refused though nothing stood in its way: the record held what nobody wrote, or the store's clock jumped",
  );
  throw new TypeError('unreachable');
}

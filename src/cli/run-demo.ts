import { CountersignError } from '../core/errors.ts';
import type { DemoParts } from '../service/compose.ts';
import { describeTime } from './when.ts';

/** What a demonstration needs of its parts. */
export interface DemoStage {
  readonly verifier: Pick<DemoParts['verifier'], 'start' | 'check' | 'resend'>;
  readonly outbox: Pick<DemoParts['outbox'], 'messages'>;
}

/** What one step did. */
export interface DemoStep {
  /** The call: `start`, `resend` or `check`. */
  readonly call: string;
  /** What it was to show. */
  readonly shows: string;
  /** Whether it did. */
  readonly passed: boolean;
  /** The answer of the library. */
  readonly result: unknown;
  /** The message that would have gone out: the one thing here that holds a code. */
  readonly message?: string;
}

/** The steps that were taken: all of them, or as far as the first that did something else. */
export interface DemoReport {
  readonly passed: boolean;
  readonly steps: readonly DemoStep[];
}

/** Numbers 555-0100 to 555-0199 of each area are kept for fiction: nobody is called by a demonstration (NANPA, "555 Line Numbers"). */
const FICTION = '+12025550143';

/** What a step came to: `says` is the story, told when it went as it should. */
interface Taken {
  readonly passed: boolean;
  readonly says: string;
  readonly result: unknown;
  readonly message?: string;
}

/** What later steps know from the first. */
interface Scene extends DemoStage {
  readonly id: string;
  readonly code: string;
}

/**
 * Verifies one phone number from start to end, and holds each answer against what it should be.
 *
 * @param tell takes the story, line by line.
 */
export async function runDemo(stage: DemoStage, tell: (line: string) => void): Promise<DemoReport> {
  const steps: DemoStep[] = [];
  let scene: Scene = { ...stage, id: '', code: '' };
  for (const { call, shows, take } of STEPS) {
    tell(`\n${steps.length + 1}. ${call}: ${shows}`);
    const { says, ...taken } = await orFail(() => take(scene));
    steps.push({ call, shows, ...taken });
    tell(taken.passed ? says : `   It did something else: ${JSON.stringify(taken.result)}`);
    if (!taken.passed) return { passed: false, steps };
    scene = { ...scene, id: scene.id || idOf(taken.result), code: scene.code || (stage.outbox.messages.at(-1)?.code ?? '') };
  }
  return { passed: true, steps };
}

const STEPS: readonly { readonly call: string; readonly shows: string; readonly take: (scene: Scene) => Promise<Taken> }[] = [
  { call: 'start', shows: `a code for ${FICTION}, a number kept for fiction`, take: takeStart },
  { call: 'resend', shows: 'a second message at once is refused, and from when on it is not', take: takeResend },
  { call: 'check', shows: 'a wrong code is refused, and how many attempts are left', take: takeWrongCheck },
  { call: 'check', shows: 'the right code is approved', take: takeRightCheck },
  { call: 'check', shows: 'the same code is good for one approval only', take: takeCheckAgain },
];

async function takeStart({ verifier, outbox }: Scene): Promise<Taken> {
  const result = await verifier.start({ to: FICTION });
  const text = outbox.messages.at(-1)?.text ?? '';
  const passed = result.status === 'pending' && result.deliveries.at(-1)?.status === 'sent' && outbox.messages.length === 1;
  return { passed, result, message: text, says: `   This message would have gone out:\n     | ${text.replaceAll('\n', '\n     | ')}` };
}

async function takeResend({ verifier, outbox, id }: Scene): Promise<Taken> {
  const result = await verifier.resend({ id });
  if (result.status !== 'refused' || result.retryAt === undefined) return { passed: false, result, says: '' };
  const passed = result.reason === 'resend_too_soon' && result.retryAt.getTime() > Date.now() && outbox.messages.length === 1;
  return { passed, result, says: `   ${result.reason}: again at ${describeTime(result.retryAt)}` };
}

async function takeWrongCheck({ verifier, id, code }: Scene): Promise<Taken> {
  const wrong = toWrongCode(code);
  const result = await verifier.check({ id, code: wrong });
  if (result.status !== 'pending') return { passed: false, result, says: '' };
  // Five guesses by default, and this was the first.
  const passed = result.reason === 'wrong_code' && result.attemptsLeft === 4;
  return { passed, result, says: `   ${wrong} → ${result.reason}, ${result.attemptsLeft} attempts left` };
}

async function takeRightCheck({ verifier, id, code }: Scene): Promise<Taken> {
  const result = await verifier.check({ id, code });
  if (result.status !== 'approved') return { passed: false, result, says: '' };
  const { destination, purpose } = result.proof;
  const says = `   ${code} → ${result.status}: ${destination.masked} is proven for the purpose "${purpose}"`;
  return { passed: destination.reveal() === FICTION, result, says };
}

async function takeCheckAgain({ verifier, id, code }: Scene): Promise<Taken> {
  const result = await verifier.check({ id, code });
  return { passed: result.status === 'already_approved', result, says: `   ${code} → ${result.status}` };
}

/** A step that throws did something else than it should, too. */
async function orFail(take: () => Promise<Taken>): Promise<Taken> {
  try {
    return await take();
  } catch (error) {
    return { passed: false, says: '', result: { error: error instanceof CountersignError ? error : { message: 'unexpected error' } } };
  }
}

function idOf(result: unknown): string {
  return (result as { id?: string }).id ?? '';
}

/** The code with its last digit moved on by one. */
function toWrongCode(code: string): string {
  return `${code.slice(0, -1)}${(Number(code.at(-1)) + 1) % 10}`;
}

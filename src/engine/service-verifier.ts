import { parseDestination } from '../core/destination.ts';
import { CountersignError } from '../core/errors.ts';
import type { Nonces } from './nonces.ts';
import { parseNonce } from './nonces.ts';
import type {
  ApprovedResult,
  CancelResult,
  CheckInput,
  CheckResult,
  Proof,
  ResendInput,
  ResendResult,
  ShowResult,
  StartInput,
  StartResult,
  VerificationInput,
} from './results.ts';
import type { ServiceSettings } from './service-settings.ts';
import { findTestCode } from './test-numbers.ts';
import type { Verifier } from './verifier.ts';

/** What to start for a service. */
export interface ServiceStartInput extends StartInput {
  /** Comes back in the proof, so that its reader knows it again: 1–128 characters. */
  readonly nonce?: string | undefined;
}

/** An approval, with what its proof token says beside the proof. */
export interface ServiceApproval {
  readonly status: 'approved';
  readonly proof: Proof;
  readonly nonce: string | undefined;
  /** Whether the number was a test number: nobody was asked. */
  readonly test: boolean;
}

/** The answer of a service's `check`. */
export type ServiceCheckResult = Exclude<CheckResult, ApprovedResult> | ServiceApproval;

/** A verifier as one tenant has it: with its purposes, its nonces and its test numbers. Beside what a {@link Verifier} throws it throws `forbidden`. */
export interface ServiceVerifier {
  start(input: ServiceStartInput): Promise<StartResult>;
  check(input: CheckInput): Promise<ServiceCheckResult>;
  resend(input: ResendInput): Promise<ResendResult>;
  cancel(input: VerificationInput): Promise<CancelResult>;
  show(input: VerificationInput): Promise<ShowResult>;
}

/** Everything a service's verifier is made of. */
export interface ServiceVerifierParts {
  readonly service: ServiceSettings;
  readonly verifier: Verifier;
  /** Whose verifications are apart from those of `verifier` and whose messages reach nobody; undefined where the service has no test numbers. */
  readonly tests: Verifier | undefined;
  readonly nonces: Nonces;
  /** Milliseconds since 1970: by it test numbers end. */
  readonly now: () => number;
}

/** Makes a service's verifier. */
export function createServiceVerifier({ service, verifier, tests, nonces, now }: ServiceVerifierParts): ServiceVerifier {
  const test = service.test;
  // From its end on the door is shut for what is under way, too: a code that everybody knows proves nothing.
  const openTests = () => (test !== null && now() < Date.parse(test.until) ? tests : undefined);
  const testsOf = (to: string) => (openTests() && findTestCode(service, parseDestination(to), now()) ? tests : undefined);

  /** The other is asked where the first knows nothing: an id does not tell which of the two has it. */
  const eitherOf = async <T extends { readonly status: string }>(call: (of: Verifier, isTest: boolean) => Promise<T>): Promise<T> => {
    const answer = await call(verifier, false);
    const door = answer.status === 'not_found' ? openTests() : undefined;
    return door === undefined ? answer : call(door, true);
  };

  const toApproval = async (result: CheckResult, isTest: boolean): Promise<ServiceCheckResult> => {
    if (result.status !== 'approved') return result;
    const { verificationId } = result.proof;
    const nonce = await nonces.find({ service: service.id, verificationId });
    return { status: 'approved', proof: Object.freeze({ ...result.proof, service: service.id }), nonce, test: isTest };
  };

  return {
    async start({ nonce, ...input }) {
      assertPurpose(service, input.purpose);
      const given = nonce === undefined ? undefined : parseNonce(nonce);
      const door = test === null ? undefined : testsOf(input.to);
      const started = door === undefined ? await verifier.start(input) : toUnlimited(await door.start({ ...input, code: test?.code }));
      if (started.status === 'pending' && given !== undefined)
        await nonces.keep({ service: service.id, verificationId: started.id }, given, started.expiresAt);
      return started;
    },
    async check(input) {
      if (input.to === undefined) return eitherOf(async (of, isTest) => toApproval(await of.check(input), isTest));
      if (!service.checkByDestination) throw new CountersignError('forbidden', 'this service does not allow checks by destination');
      const door = test === null ? undefined : testsOf(input.to);
      return toApproval(await (door ?? verifier).check(input), door !== undefined);
    },
    resend: (input) =>
      eitherOf(async (of, isTest) => (isTest && test !== null ? toUnlimited(await of.resend({ ...input, code: test.code })) : of.resend(input))),
    cancel: (input) => eitherOf((of) => of.cancel(input)),
    show: (input) => eitherOf(async (of, isTest) => (isTest ? toUnlimited(await of.show(input)) : of.show(input))),
  };
}

/** Nothing limits sends to a test number: it could be sent again as soon as it was, whatever the ladder of others that share the number. */
function toUnlimited<T extends StartResult | ResendResult | ShowResult>(result: T): T {
  if (!('resendAt' in result)) return result;
  return { ...result, resendAt: result.deliveries.at(-1)?.at ?? result.resendAt };
}

function assertPurpose({ purposes }: ServiceSettings, purpose = 'default'): void {
  if (purposes === null || purposes.includes(purpose)) return;
  throw new CountersignError('invalid_request', '`purpose` is not one of this service', { field: 'purpose' });
}

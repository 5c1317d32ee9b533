import { type Channel, parseDestination } from '../core/destination.ts';
import { CountersignError } from '../core/errors.ts';
import { toVerificationId } from '../core/ids.ts';
import type { Act } from './act.ts';
import type { Nonces } from './nonces.ts';
import { parseNonce } from './nonces.ts';
import type {
  ApprovedResult,
  CancelResult,
  CheckInput,
  CheckResult,
  EndedResult,
  NotFoundResult,
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
import { type Judged, LazyJudged, type VerificationView } from './verification-view.ts';
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
  /** What a code may travel by: of the service's channels, those that there is a way out for. */
  readonly channels: readonly Channel[];
  /** The countries that may be written to; null for all. */
  readonly countries: readonly string[] | null;
  start(input: ServiceStartInput): Promise<StartResult>;
  check(input: CheckInput): Promise<ServiceCheckResult>;
  resend(input: ResendInput): Promise<ResendResult>;
  cancel(input: VerificationInput): Promise<CancelResult>;
  show(input: VerificationInput): Promise<ShowResult>;
  /** As those of a {@link Verifier}; an approval that was judged has no nonce. */
  judge(input: CheckInput): Promise<Judged<ServiceCheckResult>>;
  view(input: VerificationInput): Promise<VerificationView | undefined>;
  approve(input: VerificationInput, act?: Act): Promise<EndedResult | NotFoundResult>;
}

/** Everything a service's verifier is made of. */
export interface ServiceVerifierParts {
  readonly service: ServiceSettings;
  readonly channels: readonly Channel[];
  readonly countries: readonly string[] | null;
  readonly verifier: Verifier;
  /** Whose verifications are apart from those of `verifier` and whose messages reach nobody; undefined where the service has no test numbers. */
  readonly tests: Verifier | undefined;
  readonly nonces: Nonces;
  /** Milliseconds since 1970: by it test numbers end. */
  readonly now: () => number;
}

/** Makes a service's verifier. */
export function createServiceVerifier({ service, channels, countries, verifier, tests, nonces, now }: ServiceVerifierParts): ServiceVerifier {
  const test = service.test;
  // From its end on the door is shut for what is under way, too: a code that everybody knows proves nothing.
  const openTests = () => (test !== null && now() < Date.parse(test.until) ? tests : undefined);
  const testsOf = (to: string) => (openTests() && findTestCode(service, parseDestination(to), now()) ? tests : undefined);

  /** The other is asked where the first knows nothing: an id does not tell which of the two has it. */
  const eitherOf = async <T>(call: Call<T>, isNothing: (answer: T) => boolean): Promise<T> => {
    const answer = await call(verifier, false);
    const door = isNothing(answer) ? openTests() : undefined;
    return door === undefined ? answer : call(door, true);
  };

  /** A number tells which of the two has it. */
  const byDestination = <T>(to: string, call: Call<T>): Promise<T> => {
    if (!service.checkByDestination && service.compatibility === null)
      throw new CountersignError('forbidden', 'this service does not allow verifications to be named by destination');
    const door = test === null ? undefined : testsOf(to);
    return call(door ?? verifier, door !== undefined);
  };

  const among = async <T>({ to }: { readonly to?: string | undefined }, call: Call<T>, isNothing: (answer: T) => boolean): Promise<T> =>
    to === undefined ? eitherOf(call, isNothing) : byDestination(to, call);

  const toApproval = async (result: CheckResult, isTest: boolean, asked?: Promise<string | undefined>): Promise<ServiceCheckResult> => {
    if (result.status !== 'approved') return result;
    const { verificationId, purpose, channel, destination, approvedAt, requester } = result.proof;
    const nonce = await (asked ?? nonces.find({ service: service.id, verificationId }));
    // Names first, a spread last: the other way round V8 makes a slow copy.
    const about = { verificationId, service: service.id, purpose, channel, destination, approvedAt };
    return { status: 'approved', proof: Object.freeze(requester === undefined ? about : { ...about, requester }), nonce, test: isTest };
  };

  /** The nonce of a verification is asked for with the guess, on the same way to the store, and waited for where it is approved. */
  const askNonce = ({ id }: { readonly id?: string | undefined }): Promise<string | undefined> | undefined => {
    const verificationId = id === undefined ? undefined : toVerificationId(id);
    const asked = verificationId === undefined ? undefined : nonces.find({ service: service.id, verificationId });
    // Where nothing is approved nobody waits for it, and it is no matter that it failed.
    asked?.catch(() => undefined);
    return asked;
  };

  /** Whoever judges hands out no token, which a nonce is for: one that cannot be read then must not cost an approval that was written. */
  const toJudged = async (judged: Judged, isTest: boolean): Promise<Judged<ServiceCheckResult>> => {
    return new LazyJudged(await toApproval(judged.result, isTest, NO_NONCE), () => judged.view && toOwn(judged.view));
  };

  /** A test verification is told as one of the service. */
  const toOwn = (view: VerificationView): VerificationView => ({ ...view, service: service.id });

  return {
    channels,
    countries,
    async start({ nonce, ...input }) {
      assertPurpose(service, input.purpose);
      const given = nonce === undefined ? undefined : parseNonce(nonce);
      const door = test === null ? undefined : testsOf(input.to);
      if (door === undefined) assertOwnCode(service, input.code);
      const started = door === undefined ? await verifier.start(input) : toUnlimited(await door.start({ ...input, code: test?.code }));
      if (started.status === 'pending' && given !== undefined)
        await nonces.keep({ service: service.id, verificationId: started.id }, given, started.expiresAt);
      return started;
    },
    async check(input) {
      const asked = askNonce(input);
      return among(input, async (of, isTest) => toApproval(await of.check(input), isTest, asked), isNotFound);
    },
    resend: (input) =>
      eitherOf(async (of, isTest) => {
        if (isTest && test !== null) return toUnlimited(await of.resend({ ...input, code: test.code }));
        assertOwnCode(service, input.code);
        return of.resend(input);
      }, isNotFound),
    cancel: (input) => among(input, (of) => of.cancel(input), isNotFound),
    show: (input) => among(input, async (of, isTest) => (isTest ? toUnlimited(await of.show(input)) : of.show(input)), isNotFound),
    judge: (input) =>
      among(
        input,
        async (of, isTest) => toJudged(await of.judge(input), isTest),
        ({ result }) => isNotFound(result),
      ),
    async view(input) {
      const view = await among(
        input,
        (of) => of.view(input),
        (answer) => answer === undefined,
      );
      return view && toOwn(view);
    },
    approve: (input, act) => among(input, (of) => of.approve(input, act), isNotFound),
  };
}

const NO_NONCE: Promise<undefined> = Promise.resolve(undefined);

/** A call of a verifier, the one for test numbers or the other. */
type Call<T> = (of: Verifier, isTest: boolean) => Promise<T>;

function isNotFound({ status }: { readonly status: string }): boolean {
  return status === 'not_found';
}

/** Nothing limits sends to a test number: it could be sent again as soon as it was, whatever the ladder of others that share the number. */
function toUnlimited<T extends StartResult | ResendResult | ShowResult>(result: T): T {
  if (!('resendAt' in result)) return result;
  return { ...result, resendAt: result.deliveries.at(-1)?.at ?? result.resendAt };
}

/** Ensure that nobody who holds a key begins with a code that they know, and gets a proof of a number that nobody was asked about. */
function assertOwnCode({ customCodes }: ServiceSettings, code: string | undefined): void {
  if (code === undefined || customCodes) return;
  throw new CountersignError('forbidden', 'this service does not take codes of your own: an operator sets `customCodes`', { field: 'code' });
}

/** Ensure that a purpose is one of a service's. @throws {CountersignError} `invalid_request`. */
export function assertPurpose({ purposes }: Pick<ServiceSettings, 'purposes'>, purpose = 'default'): void {
  if (purposes === null || purposes.includes(purpose)) return;
  throw new CountersignError('invalid_request', '`purpose` is not one of this service', { field: 'purpose' });
}

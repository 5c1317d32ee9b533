import type { Channel } from '../core/destination.ts';
import { SECOND } from '../core/duration.ts';
import type { Limits } from './limits.ts';
import type { PageSettings } from './page-settings.ts';

/** What an operator sets for one tenant. Durations are whole seconds, times ISO-8601. */
export interface ServiceSettings extends ServiceFields {
  /** `VA` + 32 lower-case hex. */
  readonly id: string;
  readonly createdAt: string;
  /** Later with every change, so that id and `updatedAt` name one version of the settings. */
  readonly updatedAt: string;
}

/** The part of the settings that an operator gives. Only `name` must be given. */
export interface ServiceFields {
  /** 1–64 characters, for operators: no person sees it. */
  readonly name: string;
  /** Digits of a code, 4–10. */
  readonly codeLength: number;
  /** How long a verification by phone lives, 60–600. */
  readonly lifeSeconds: number;
  /** The same for an email address, 60–86,400. */
  readonly emailLifeSeconds: number;
  /** The waits between sends to one destination for one requester: at most 20 that never shrink, none longer than 30 days. Empty: there is no ladder. */
  readonly ladderSeconds: readonly number[];
  /** Two sends to one destination are at least this far apart, 1–3,600. Not less than the deployment's. */
  readonly sendSpacingSeconds: number;
  /** What a resend carries: the same code while no wrong guess was made, or always a new one. */
  readonly resendPolicy: 'repeat' | 'rotate';
  /** Whether starts without a requester share one pending verification. It hands one caller the id that another holds. */
  readonly sharePending: boolean;
  /** The purposes that a verification may be started for; null for any. */
  readonly purposes: readonly string[] | null;
  /** The site that codes belong to, as in `MessageTextOptions.origin`; null for the deployment's. */
  readonly origin: string | null;
  /** The text, with `{code}` exactly once; null for the deployment's. */
  readonly template: string | null;
  /** The subject of an email; null for the deployment's. */
  readonly subject: string | null;
  /** ISO 3166-1 alpha-2 codes, of those that the deployment allows; null for all of those. */
  readonly allowedCountries: readonly string[] | null;
  /** Of those that the deployment offers; null for all of those. */
  readonly channels: readonly Channel[] | null;
  /** Budgets per destination that are stricter than the deployment's. */
  readonly budgets: ServiceBudgets;
  /** Whether a check may name the destination in place of the verification's id. */
  readonly checkByDestination: boolean;
  /** Numbers that get no message; null for none. */
  readonly test: TestSettings | null;
  /** Whose clients are to find what they know: their limits in the place of some of the above, see `toVerifierSettings`. Null for nobody's. */
  readonly compatibility: 'twilio' | null;
  /** Whether `ladderSeconds` holds under `compatibility` as well. */
  readonly ladderOnTop: boolean;
  /** Whether a start through the compatible endpoint must bring an amount and a payee, which the code is then bound to. */
  readonly psd2: boolean;
  /** Whether a start may bring a code of its own. Whoever begins with a code that they know can approve it without asking anybody, and has the proof of it. */
  readonly customCodes: boolean;
  /** The hosted page; null for none. */
  readonly page: PageSettings | null;
}

/** As the limits of the same names: per destination, 1–100. */
export interface ServiceBudgets {
  /** Also the most that a known requester may send in any hour. */
  readonly sendsPerHour?: number;
  /** Also the most that a known requester may send in any day. */
  readonly sendsPerDay?: number;
  readonly wrongPerHour?: number;
  readonly wrongPerDay?: number;
}

/** Numbers for tests: no message is sent to them, and their code is fixed. */
export interface TestSettings {
  /** 1–100 phone numbers in E.164 form: +1 NPA 555-0100 to 555-0199, which are given to nobody, or any where `acknowledged`. */
  readonly numbers: readonly string[];
  /** The code of them all: `codeLength` digits. */
  readonly code: string;
  /** From when on the numbers are as any other; at most 90 days ahead when it is set. */
  readonly until: string;
  /** That the operator knows that whoever holds one of the numbers can be impersonated by anyone who knows the code. @defaultValue false */
  readonly acknowledged: boolean;
}

/** What holds for every service of a deployment: none can ask for more. */
export interface DeploymentLimits {
  readonly limits: Limits;
  /** The countries that may be written to; null for all. */
  readonly allowedCountries: readonly string[] | null;
  /** The channels that there is a way out for. */
  readonly channels: readonly Channel[];
}

/** The fields that each version of a service's record has added, the second first, with what a service of before has. */
export const ADDED_FIELDS: readonly [Pick<ServiceFields, 'compatibility' | 'ladderOnTop' | 'psd2' | 'customCodes'>, Pick<ServiceFields, 'page'>] = [
  { compatibility: null, ladderOnTop: false, psd2: false, customCodes: false },
  { page: null },
];

/** What a service has where its operator says nothing; the rest are the deployment's limits. */
const SERVICE_DEFAULTS = {
  purposes: null,
  origin: null,
  template: null,
  subject: null,
  allowedCountries: null,
  channels: null,
  budgets: {},
  checkByDestination: false,
  test: null,
  ...ADDED_FIELDS[0],
  ...ADDED_FIELDS[1],
} satisfies Partial<ServiceFields>;

/** What a new service begins with: the deployment's limits of the day it is made, in seconds (rounded up). They do not follow the deployment's. */
export function resolveServiceDefaults({ limits }: Pick<DeploymentLimits, 'limits'>): Omit<ServiceFields, 'name'> {
  return {
    codeLength: limits.codeLength,
    lifeSeconds: toSeconds(limits.life),
    emailLifeSeconds: toSeconds(limits.emailLife),
    ladderSeconds: limits.ladder.map(toSeconds),
    sendSpacingSeconds: toSeconds(limits.sendSpacing),
    resendPolicy: limits.resendPolicy,
    sharePending: limits.sharePending,
    ...SERVICE_DEFAULTS,
  };
}

function toSeconds(milliseconds: number): number {
  return Math.ceil(milliseconds / SECOND);
}

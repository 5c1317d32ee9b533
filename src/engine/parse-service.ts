import { isSupportedCountry } from 'libphonenumber-js/max';
import { CODE_LENGTH } from '../core/codes.ts';
import { CHANNELS } from '../core/destination.ts';
import { HIDDEN_CHARACTER } from '../core/digits.ts';
import { describeOriginFault, describeSubjectFault, describeTemplateFault } from '../core/message-rules.ts';
import {
  assertNoFaults,
  type Check,
  type Checks,
  checkFields,
  type Fault,
  flag,
  isObject,
  isWholeNumber,
  listOf,
  must,
  objectOf,
  oneOf,
  orNull,
  wholeNumber,
} from './faults.ts';
import { MAX_BUDGET } from './limits.ts';
import { pageCheck, storedPageCheck, toPageSettings } from './page-settings.ts';
import { findBoundFaults } from './service-bounds.ts';
import { type DeploymentLimits, resolveServiceDefaults, type ServiceBudgets, type ServiceFields } from './service-settings.ts';
import { findTestFaults, storedTestCheck, testCheck, toTestSettings } from './test-numbers.ts';

/** Longest `template`, ten SMS; longest `subject`, a line of RFC 5322 §2.1.1; longest `origin`, a host name and a bit. */
const MAX_LENGTH = { template: 1_600, subject: 200, origin: 270 } as const;

/** Thirty days: the longest rung that limits take. */
const MAX_RUNG_SECONDS = 2_592_000;

const budget = wholeNumber(1, MAX_BUDGET);

/** A name for operators to read: of a service or of an API key. */
export const nameCheck: Check = must(
  'must be 1 to 64 visible characters, without space at either end',
  (value) => typeof value === 'string' && value.length >= 1 && value.length <= 64 && value.trim() === value && !HIDDEN_CHARACTER.test(value),
);

/** The same for what was kept: which characters there are differs from one version of Node to the next. */
export const storedNameCheck: Check = must('must be a text', (value) => typeof value === 'string');

/** What each field must be, whatever the deployment. */
const CHECKS: Checks<ServiceFields> = {
  name: nameCheck,
  codeLength: wholeNumber(CODE_LENGTH.min, CODE_LENGTH.max),
  lifeSeconds: wholeNumber(60, 600),
  emailLifeSeconds: wholeNumber(60, 86_400),
  ladderSeconds: must(`must be a list of at most 20 whole numbers from 1 to ${MAX_RUNG_SECONDS} that never shrink`, isLadder),
  sendSpacingSeconds: wholeNumber(1, 3_600),
  resendPolicy: oneOf(['repeat', 'rotate']),
  sharePending: flag,
  purposes: orNull(listOf('names of letters, digits, "_", "." and "-", each of 1 to 64', 50, (name) => /^[A-Za-z0-9_.-]{1,64}$/.test(name))),
  origin: orNull(text(describeOriginFault, MAX_LENGTH.origin)),
  template: orNull(text(describeTemplateFault, MAX_LENGTH.template)),
  subject: orNull(text(describeSubjectFault, MAX_LENGTH.subject)),
  allowedCountries: orNull(listOf('ISO 3166-1 alpha-2 codes in upper case', 250, (country) => isSupportedCountry(country))),
  channels: orNull(listOf(`of ${CHANNELS.join(', ')}`, CHANNELS.length, (channel) => (CHANNELS as readonly string[]).includes(channel))),
  budgets: objectOf<ServiceBudgets>({ sendsPerHour: budget, sendsPerDay: budget, wrongPerHour: budget, wrongPerDay: budget }, [
    'sendsPerHour',
    'sendsPerDay',
    'wrongPerHour',
    'wrongPerDay',
  ]),
  checkByDestination: flag,
  test: orNull(testCheck),
  compatibility: orNull(oneOf(['twilio'])),
  ladderOnTop: flag,
  psd2: flag,
  customCodes: flag,
  page: orNull(pageCheck),
};

/** The same for what was kept: which countries and numbers there are changes with the numbering plans, and what was kept must stay readable. */
const STORED_CHECKS: Checks<ServiceFields> = {
  ...CHECKS,
  name: storedNameCheck,
  allowedCountries: orNull(listOf('codes', 250, (country) => /^[A-Z]{2}$/.test(country))),
  test: orNull(storedTestCheck),
  page: orNull(storedPageCheck),
};

/** What the fields of a service are judged by. */
export interface ServiceContext {
  readonly deployment: DeploymentLimits;
  /** Milliseconds of the store's clock. */
  readonly now: number;
}

/**
 * The fields of a new service.
 *
 * @throws {CountersignError} `invalid_request`, naming every field at fault and no value.
 */
export function parseService(input: unknown, context: ServiceContext): ServiceFields {
  return parseFields(input, { name: undefined, ...resolveServiceDefaults(context.deployment) }, context);
}

/**
 * The fields of a service as a patch makes them: what it does not name stays, what it names is replaced as a whole.
 *
 * @throws {CountersignError} as {@link parseService}.
 */
export function parseServicePatch(input: unknown, current: ServiceFields, context: ServiceContext): ServiceFields {
  return parseFields(input, current, context);
}

/** Whether fields are what {@link parseService} once gave; undefined otherwise. */
export function readStoredFields(value: unknown): ServiceFields | undefined {
  if (!isObject(value) || Object.keys(CHECKS).some((name) => value[name] === undefined)) return undefined;
  return checkFields(value, STORED_CHECKS).length > 0 ? undefined : toFields(value as unknown as ServiceFields);
}

/** What is at fault already is not looked at again beside other fields: one fault, one sentence. */
function parseFields(input: unknown, base: Partial<Record<keyof ServiceFields, unknown>>, { deployment, now }: ServiceContext): ServiceFields {
  if (!isObject(input)) assertNoFaults([{ field: 'input', problem: 'must be an object' }]);
  const given = Object.fromEntries(Object.entries(input as object).filter(([, value]) => value !== undefined));
  const faults = [
    ...(given.name === undefined && base.name === undefined ? [{ field: 'name', problem: 'is missing' }] : []),
    ...checkFields(given, CHECKS),
  ];
  const isAtFault = (name: string) => faults.some(({ field }) => field === name || field.startsWith(`${name}.`));
  const sound = Object.fromEntries(Object.entries(given).filter(([name]) => Object.hasOwn(CHECKS, name) && !isAtFault(name)));
  // What is at fault stands in as it was, so that the others can be judged beside it; nothing of this leaves when there is a fault.
  const fields = { ...base, ...sound } as unknown as ServiceFields;
  assertNoFaults([...faults, ...findBoundFaults(sound, deployment), ...judgeTest(fields, given, isAtFault, now)]);
  return toFields(fields);
}

/** Ensure that a code is not judged by a length at fault, and a period that was set long ago not by today. */
function judgeTest(
  fields: ServiceFields,
  given: Readonly<Record<string, unknown>>,
  isAtFault: (name: string) => boolean,
  now: number,
): readonly Fault[] {
  const isGiven = given.test !== undefined;
  if (isAtFault('test') || isAtFault('codeLength') || !(isGiven || given.codeLength !== undefined)) return [];
  return findTestFaults(fields, isGiven ? now : undefined);
}

/** A copy with the fields in one order, frozen all the way down. */
function toFields(fields: ServiceFields): ServiceFields {
  const entries = Object.keys(CHECKS).map((name) => [name, toFrozen(fields[name as keyof ServiceFields])]);
  const { test, page } = fields;
  const nested: Pick<ServiceFields, 'test' | 'page'> = { test: test && toTestSettings(test), page: page && toPageSettings(page) };
  return Object.freeze({ ...(Object.fromEntries(entries) as ServiceFields), ...nested });
}

function toFrozen(value: ServiceFields[keyof ServiceFields]): unknown {
  if (Array.isArray(value)) return Object.freeze([...value]);
  if (!isObject(value)) return value;
  return Object.freeze(Object.fromEntries(Object.entries(value).filter(([, part]) => part !== undefined)));
}

function text(describeFault: (value: unknown) => string | undefined, max: number): Check {
  return (value, field) => {
    const problem = typeof value === 'string' && value.length > max ? `is longer than ${max} characters` : describeFault(value);
    return problem === undefined ? [] : [{ field, problem }];
  };
}

function isLadder(value: unknown): boolean {
  if (!Array.isArray(value) || value.length > 20) return false;
  return [...value].every((rung, step) => isWholeNumber(rung, 1, MAX_RUNG_SECONDS) && (step === 0 || rung >= value[step - 1]));
}

import { CODE_LENGTH } from '../core/codes.ts';
import type { Destination } from '../core/destination.ts';
import { DAY } from '../core/duration.ts';
import { parsePhone } from '../core/phone.ts';
import { Secret } from '../core/secret.ts';
import { type Check, type Fault, flag, isObject, listOf, must, objectOf } from './faults.ts';
import type { ServiceFields, TestSettings } from './service-settings.ts';

/**
 * Numbers that a service's tests use: no message goes out to them and their code is fixed, so that each is a door with a known key. So only numbers that are
 * given to nobody, or those that an operator says they know of, and for a while.
 */

/** The longest that test numbers may be set for: 90 days. What is forgotten closes by itself. */
export const MAX_TEST_PERIOD: number = 90 * DAY;

const MAX_NUMBERS = 100;

/** 555-0100 to 555-0199 of any area code are set aside for fiction by the North American Numbering Plan Administrator: they are given to nobody. */
const RESERVED = /^\+1[2-9]\d{2}55501\d{2}$/;

const E164 = /^\+[1-9]\d{6,14}$/;

/** Whether a number in E.164 form is one that is given to nobody. */
export function isReservedNumber(number: string): boolean {
  return RESERVED.test(number);
}

/** The check of {@link TestSettings} by itself: what they must be beside `codeLength` and now is {@link findTestFaults}. */
export const testCheck: Check = createTestCheck(isVerifiable);

/** The same for what was kept: whether a number can be verified may change with the numbering plans, and what was kept must stay readable. */
export const storedTestCheck: Check = createTestCheck((number) => E164.test(number));

function createTestCheck(isNumber: (number: string) => boolean): Check {
  const check = objectOf<TestSettings>(
    {
      numbers: listOf('phone numbers that can be verified, each a plus and digits', MAX_NUMBERS, isNumber),
      code: must(`must be ${CODE_LENGTH.min} to ${CODE_LENGTH.max} digits`, (value) => typeof value === 'string' && /^\d{4,10}$/.test(value)),
      until: must('must be a time such as 2026-01-31T12:00:00Z', (value) => parseTime(value) !== undefined),
      acknowledged: flag,
    },
    ['acknowledged'],
  );
  return (value, field) => {
    const faults = check(value, field);
    if (faults.length > 0 || !isObject(value) || value.acknowledged === true) return faults;
    if ((value as unknown as TestSettings).numbers.every(isReservedNumber)) return faults;
    return [{ field: `${field}.numbers`, problem: 'must be from +1 NPA 555-0100 to 555-0199 unless `test.acknowledged` is true' }];
  };
}

/** What is wrong with settings that pass {@link testCheck}. @param now milliseconds of the store's clock; undefined where the period is not looked at. */
export function findTestFaults({ test, codeLength }: Pick<ServiceFields, 'test' | 'codeLength'>, now: number | undefined): readonly Fault[] {
  if (test === null) return [];
  const until = parseTime(test.until) ?? 0;
  return [
    ...(test.code.length === codeLength ? [] : [{ field: 'test.code', problem: 'must have `codeLength` digits' }]),
    ...(now === undefined || (until > now && until <= now + MAX_TEST_PERIOD)
      ? []
      : [{ field: 'test.until', problem: 'must lie in the next 90 days' }]),
  ];
}

/** The settings as they are kept; they passed {@link testCheck}. */
export function toTestSettings({ numbers, code, until, acknowledged }: Partial<TestSettings>): TestSettings {
  const time = new Date(parseTime(until) ?? 0).toISOString();
  return Object.freeze({ numbers: Object.freeze([...(numbers ?? [])]), code: code ?? '', until: time, acknowledged: acknowledged ?? false });
}

/**
 * The fixed code of a destination that is a test number of a service now; undefined for any other, and from `until` on.
 *
 * @param now milliseconds of the store's clock.
 */
export function findTestCode({ test }: Pick<ServiceFields, 'test'>, destination: Destination, now: number): Secret | undefined {
  if (test === null || now >= Date.parse(test.until)) return undefined;
  return test.numbers.includes(destination.reveal()) ? new Secret(test.code) : undefined;
}

/** Ensure that a code can be asked for the number at all: the same parser judges it when a verification is started. */
function isVerifiable(number: string): boolean {
  try {
    return parsePhone(number).number === number;
  } catch {
    return false;
  }
}

/** Milliseconds of an ISO-8601 time in UTC. Read back, because `Date.parse` takes the 30th of February for a day in March. */
function parseTime(value: unknown): number | undefined {
  if (typeof value !== 'string' || !/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,3})?Z$/.test(value)) return undefined;
  const time = Date.parse(value);
  return Number.isNaN(time) || new Date(time).toISOString().slice(0, 19) !== value.slice(0, 19) ? undefined : time;
}

/** What test verifications are apart by: no service's id, and one that reads as whose it is. */
const TEST_SUFFIX = '.test';

/** The name under which the verifications of a service's test numbers are kept apart from its others. */
export function toTestService(serviceId: string): string {
  return `${serviceId}${TEST_SUFFIX}`;
}

/** The service as its tenant knows it. */
export function toTenantService(service: string): string {
  return /^VA[0-9a-f]{32}\.test$/.test(service) ? service.slice(0, -TEST_SUFFIX.length) : service;
}

import { CountersignError } from '../core/errors.ts';

/** Untrusted input is looked at as a whole: whoever sends it learns of every field at fault at once, and no message repeats a value. */

/** One field at fault. */
export interface Fault {
  /** With dots where it is in an object. */
  readonly field: string;
  /** To be read behind the field's name. */
  readonly problem: string;
}

/** Looks at one value. */
export type Check = (value: unknown, field: string) => readonly Fault[];

/** A check for each field of an object. */
export type Checks<T> = { readonly [Name in keyof T]-?: Check };

/** A check of one sentence. */
export function must(problem: string, isRight: (value: unknown) => boolean): Check {
  return (value, field) => (isRight(value) ? [] : [{ field, problem }]);
}

/** Null, or what passes a check. */
export function orNull(check: Check): Check {
  return (value, field) => (value === null ? [] : check(value, field));
}

/** A whole number. */
export function wholeNumber(min: number, max: number): Check {
  return must(`must be a whole number from ${min} to ${max}`, (value) => isWholeNumber(value, min, max));
}

export function isWholeNumber(value: unknown, min: number, max: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max;
}

/** True or false. */
export const flag: Check = must('must be true or false', (value) => typeof value === 'boolean');

/** One of some texts. */
export function oneOf(values: readonly string[]): Check {
  return must(`must be ${values.map((value) => `"${value}"`).join(' or ')}`, (value) => typeof value === 'string' && values.includes(value));
}

/** A list of 1 to `max` different texts, each of them as `what` says. */
export function listOf(what: string, max: number, isRight: (value: string) => boolean): Check {
  return must(`must be a list of 1 to ${max} different ${what}`, (value) => {
    if (!Array.isArray(value) || value.length === 0 || value.length > max || new Set(value).size !== value.length) return false;
    // A copy: `every` passes over holes.
    return [...value].every((entry) => typeof entry === 'string' && isRight(entry));
  });
}

/** An object of known fields. @param optional those that may be left out. */
export function objectOf<T>(checks: Checks<T>, optional: readonly (keyof T & string)[]): Check {
  return (value, field) => {
    if (!isObject(value)) return [{ field, problem: 'must be an object' }];
    const missing = Object.keys(checks).filter((name) => !optional.includes(name as keyof T & string) && value[name] === undefined);
    return [
      ...missing.map((name) => ({ field: `${field}.${name}`, problem: 'is missing' })),
      ...checkFields(value, checks).map((fault) => ({ ...fault, field: `${field}.${fault.field}` })),
    ];
  };
}

/** Looks at every field that is given (undefined is not) and at none that is not. */
export function checkFields<T>(given: Readonly<Record<string, unknown>>, checks: Checks<T>): readonly Fault[] {
  return Object.entries(given).flatMap(([name, value]) => {
    if (!Object.hasOwn(checks, name)) return [{ field: toShown(name), problem: 'is unknown' }];
    return value === undefined ? [] : checks[name as keyof T](value, name);
  });
}

/** Whether a value is an object with fields. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Throws `invalid_request` that names every fault, if there is one; its `field` is the first. */
export function assertNoFaults(faults: readonly Fault[]): void {
  const [first] = faults;
  if (first === undefined) return;
  const shown = faults.slice(0, MAX_SHOWN).map(({ field, problem }) => `\`${field}\` ${problem}`);
  if (faults.length > MAX_SHOWN) shown.push(`and ${faults.length - MAX_SHOWN} more`);
  throw new CountersignError('invalid_request', shown.join('; '), { field: first.field });
}

/** A body of 16 kB has room for thousands of unknown fields. */
const MAX_SHOWN = 40;

/** A field's name is the caller's text too: what is no name of any field is not repeated. */
function toShown(name: string): string {
  return /^[A-Za-z][A-Za-z_]{0,39}$/.test(name) ? name : '(a field of another name)';
}

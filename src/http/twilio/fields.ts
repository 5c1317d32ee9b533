import { parseJson } from '../parse-json.ts';
import type { Form } from './form.ts';
import { invalidParameter } from './twilio-errors.ts';

/**
 * Reads the parameters of a form. Each is single-valued: one that comes twice is refused by its name, since the next program would read the other.
 * An optional one without text counts as not given, as some clients send what they have no value for. What nobody reads is passed over, as by Twilio.
 *
 * Everything throws a {@link TwilioError} 60200 that names the parameter and repeats no value.
 */
export class Fields {
  readonly #form: Form;

  constructor(form: Form) {
    this.#form = form;
  }

  text(name: string): string | undefined {
    const values = this.#form.get(name);
    if (values === undefined) return undefined;
    if (values.length > 1) throw invalidParameter(name, 'is given more than once');
    return values[0] === '' ? undefined : values[0];
  }

  required(name: string): string {
    const value = this.text(name);
    if (value === undefined) throw invalidParameter(name, 'is missing');
    return value;
  }

  /** A text of at most so many characters. */
  upTo(name: string, max: number): string | undefined {
    const value = this.text(name);
    if (value !== undefined && [...value].length > max) throw invalidParameter(name, `must have at most ${max} characters`);
    return value;
  }

  /** `true` or `false`, in any case: so the SDKs of some languages write them. */
  flag(name: string): boolean | undefined {
    const value = this.text(name)?.toLowerCase();
    if (value === undefined || value === 'true' || value === 'false') return value && value === 'true';
    throw invalidParameter(name, 'must be true or false');
  }

  whole(name: string, min: number, max: number): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
    if (number >= min && number <= max) return number;
    throw invalidParameter(name, `must be a whole number from ${min} to ${max}`);
  }

  oneOf<T extends string>(name: string, values: readonly T[]): T | undefined {
    const value = this.text(name);
    const found = values.find((each) => each === value);
    if (value !== undefined && found === undefined) throw invalidParameter(name, `must be one of ${values.join(', ')}`);
    return found;
  }

  /** A time as Twilio's clients write one, `2026-01-31T12:00:00Z`, with fractions or without; in milliseconds. */
  time(name: string): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const time = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/.test(value) ? Date.parse(value) : Number.NaN;
    if (!Number.isNaN(time)) return time;
    throw invalidParameter(name, 'must be a time such as 2026-01-31T12:00:00Z');
  }

  /** A JSON object in text. */
  json(name: string): Readonly<Record<string, unknown>> | undefined {
    const value = this.#parse(name);
    if (value === undefined) return undefined;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalidParameter(name, 'must be a JSON object');
    return value as Readonly<Record<string, unknown>>;
  }

  /** A JSON object whose values are texts. */
  jsonMap(name: string, { entries, length }: { readonly entries: number; readonly length: number }): Readonly<Record<string, string>> | undefined {
    const map = this.json(name);
    if (map === undefined) return undefined;
    const given = Object.entries(map);
    const isFine = given.every(([key, value]) => key.length <= length && typeof value === 'string' && value.length <= length);
    if (isFine && given.length <= entries) return map as Readonly<Record<string, string>>;
    throw invalidParameter(name, `must be a JSON object of at most ${entries} texts, each name and text of at most ${length} characters`);
  }

  #parse(name: string): unknown {
    const text = this.text(name);
    if (text === undefined) return undefined;
    try {
      return parseJson(Buffer.from(text)).value;
    } catch {
      throw invalidParameter(name, 'is not JSON');
    }
  }
}

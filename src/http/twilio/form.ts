import { invalidParameter, TwilioError } from './twilio-errors.ts';

/** A form as it came: every value of every name. */
export type Form = ReadonlyMap<string, readonly string[]>;

const DECODER = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** What a client sends that has nothing to say. */
export const EMPTY_FORM: Form = new Map();

/**
 * Parses a body of `application/x-www-form-urlencoded`.
 *
 * Ensure that it has one reading: what is no UTF-8, or no percent-encoding, is refused instead of becoming U+FFFD, which two numbers could share.
 *
 * @throws {TwilioError} repeating nothing of the form but a name.
 */
export function parseForm(bytes: Buffer): Form {
  let text: string;
  try {
    text = DECODER.decode(bytes);
  } catch {
    throw new TwilioError(20400, { message: 'The form is not UTF-8' });
  }
  return parsePairs(text);
}

/** The query of a URL, by the rules of a form. @throws as {@link parseForm}. */
export function parseQuery(url: string): Form {
  const at = url.indexOf('?');
  return at < 0 ? EMPTY_FORM : parsePairs(url.slice(at + 1));
}

function parsePairs(text: string): Form {
  const form = new Map<string, string[]>();
  for (const pair of text.split('&')) {
    if (pair === '') continue;
    const at = pair.indexOf('=');
    const name = decode(at < 0 ? pair : pair.slice(0, at), undefined);
    const value = at < 0 ? '' : decode(pair.slice(at + 1), name);
    const values = form.get(name);
    if (values === undefined) form.set(name, [value]);
    else values.push(value);
  }
  return form;
}

function decode(text: string, name: string | undefined): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    const isName = name !== undefined && /^[A-Za-z][A-Za-z0-9.]{0,63}$/.test(name);
    throw isName
      ? invalidParameter(name, 'is not percent-encoded UTF-8')
      : new TwilioError(20400, { message: 'The form is not percent-encoded UTF-8' });
  }
}

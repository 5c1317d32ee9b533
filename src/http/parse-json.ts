import { CountersignError } from '../core/errors.ts';

/** Nothing that is asked for is nested deeper than four; the rest is for what a provider takes. */
const MAX_DEPTH = 12;

const DECODER = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A parsed body with the text that it was. */
export interface ParsedBody {
  readonly text: string;
  readonly value: unknown;
}

/**
 * Parses a body as JSON. Ensure that it has one reading: a name that comes twice is read differently by the next program (RFC 8259 §4), and bytes that are
 * no UTF-8 become the same U+FFFD.
 *
 * @throws {CountersignError} `invalid_request`, repeating nothing of the body.
 */
export function parseJson(bytes: Buffer): ParsedBody {
  const text = decode(bytes);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalid('the body is not JSON');
  }
  assertOneReading(text);
  return { text, value };
}

function decode(bytes: Buffer): string {
  try {
    return DECODER.decode(bytes);
  } catch {
    throw invalid('the body is not UTF-8');
  }
}

/** Strings and brackets of a text that is known to be JSON; a string with the colon behind it is a name. */
const TOKENS = /"(?:[^"\\]|\\.)*"(?:[ \t\r\n]*:)?|[{}[\]]/g;

function assertOneReading(text: string): void {
  const open: Set<string>[] = [];
  for (const [token] of text.matchAll(TOKENS)) {
    if (token === '{' || token === '[') {
      if (open.length === MAX_DEPTH) throw invalid(`the body is nested deeper than ${MAX_DEPTH}`);
      open.push(new Set());
    } else if (token === '}' || token === ']') open.pop();
    else if (token.endsWith(':')) assertNew(toName(token), open.at(-1) ?? new Set());
  }
}

function toName(token: string): string {
  return JSON.parse(token.slice(0, token.lastIndexOf('"') + 1)) as string;
}

function assertNew(name: string, names: Set<string>): void {
  if (names.has(name)) throw invalid('the body has a name twice in one object');
  // What a merge or a copy by assignment would take for the prototype.
  if (name === '__proto__') throw invalid('the body has a name that is not allowed');
  names.add(name);
}

function invalid(message: string): CountersignError {
  return new CountersignError('invalid_request', message, { field: 'body' });
}

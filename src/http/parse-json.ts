import { isUtf8 } from 'node:buffer';
import { CountersignError } from '../core/errors.ts';

/** Nothing that is asked for is nested deeper than four; the rest is for what a provider takes. */
const MAX_DEPTH = 12;

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
  if (!isPlain(text, value)) assertOneReading(text);
  return { text, value };
}

function decode(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString('utf8');
  throw invalid('the body is not UTF-8');
}

/**
 * Whether the text is one object of plain values with no more colons than names: then none came twice, and nothing is nested. So are most bodies; for any
 * other the text itself has to be looked at.
 */
function isPlain(text: string, value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const members = Object.entries(value);
  if (members.some(([name, member]) => name === '__proto__' || (typeof member === 'object' && member !== null))) return false;
  let colons = 0;
  for (let at = text.indexOf(':'); at >= 0; at = text.indexOf(':', at + 1)) colons += 1;
  return colons === members.length;
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

import { CHANNELS, type Channel } from '../../core/destination.ts';
import { isLoopback } from '../../core/loopback.ts';
import { isChannelList } from '../channel-list.ts';
import { type Fault, findFlagFaults, findNameFaults, findTimeoutFaults } from '../faults.ts';
import { type AnswerPattern, isPointer, type RefusedAnswer, toRange } from './answers.ts';
import { BUILT_IN, parseTemplate } from './template.ts';

/** JSON whose strings, at any depth, may hold placeholders; keys may not. */
export type JsonTemplate = string | number | boolean | null | readonly JsonTemplate[] | { readonly [key: string]: JsonTemplate };

/** What a request is made of. */
export interface RequestTemplates {
  /** @defaultValue `'POST'` */
  readonly method?: 'POST' | 'PUT' | 'GET';
  /** `https`, and `http` on loopback; placeholders in its path and query only, where they are percent-encoded. What is in it ends in other people's logs. */
  readonly url: string;
  /** Names and values; `{text}`, `{code}` and `{subject}` have no place in a header. */
  readonly headers?: Readonly<Record<string, string>>;
  /** One of both: JSON, or a form. */
  readonly body?: { readonly json: JsonTemplate; readonly form?: never } | { readonly form: Readonly<Record<string, string>>; readonly json?: never };
  /** Placeholders of your own, such as `from` or `token`, and what they stand for. */
  readonly values?: Readonly<Record<string, string>>;
}

/** Settings of a gateway as they come: from a program, or from a file. */
export interface GatewaySettings extends RequestTemplates {
  readonly name: string;
  readonly channels: readonly Channel[];
  readonly accepted: AnswerPattern | readonly AnswerPattern[];
  readonly refused?: readonly RefusedAnswer[];
  readonly reference?: string;
  readonly timeout: number;
  readonly allowUnencrypted?: boolean;
}

/** Headers that HTTP itself writes (RFC 9110 §7.6, RFC 9112 §6): one of ours beside them would let two readers see two requests. */
const HOP_BY_HOP = /^(host|content-length|connection|transfer-encoding|expect|upgrade|keep-alive|te|trailer|proxy-.*|accept-encoding)$/i;

/** RFC 9110 §5.6.2. */
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

const MAX_DEPTH = 20;

const KNOWN = ['name', 'channels', 'method', 'url', 'headers', 'body', 'values', 'accepted', 'refused', 'reference', 'timeout', 'allowUnencrypted'];
const KNOWN_IN_ANSWER = ['status', 'at', 'values'];

/** Everything that is wrong with the settings. No problem repeats a value. */
export function findFaults(settings: GatewaySettings): Fault[] {
  const { name, channels, method, headers, body, values, accepted, refused = [], reference, timeout, allowUnencrypted } = settings;
  const templates = new TemplateFaults(settings);
  return [
    ...findUnknown(settings, KNOWN, ''),
    ...findNameFaults(name),
    ...(isChannelList(channels) ? [] : [fault('channels', `must be a list of ${CHANNELS.join(', ')}`)]),
    ...(['POST', 'PUT', 'GET', undefined].includes(method) ? [] : [fault('method', 'must be POST, PUT or GET')]),
    ...findUrlFaults(settings),
    ...templates.ofText('url', settings.url),
    ...findValueFaults(values),
    ...templates.ofHeaders(headers),
    ...templates.ofBody(body, method),
    ...templates.ofWhole(),
    ...(list(accepted).length > 0 ? [] : [fault('accepted', 'must say what an accepted message is answered with')]),
    ...list(accepted).flatMap((pattern, index) => findPatternFaults(pattern, `accepted[${index}]`, [])),
    ...(Array.isArray(refused) ? refused.flatMap(findRefusedFaults) : [fault('refused', 'must be a list')]),
    ...(reference === undefined || (isPointer(reference) && !reference.split('/').includes('*'))
      ? []
      : [fault('reference', 'must be a JSON pointer to one value, such as `/id`')]),
    ...findTimeoutFaults(timeout),
    ...findFlagFaults('allowUnencrypted', allowUnencrypted),
  ];
}

function findUrlFaults({ url, allowUnencrypted }: GatewaySettings): Fault[] {
  const [, scheme, authority] = (typeof url === 'string' && /^(https?):\/\/([^/?#\\\s{}]+)(?:[/?]|$)/.exec(url)) || [];
  if (scheme === undefined || authority === undefined || !URL.canParse(`${scheme}://${authority}`)) {
    return [fault('url', 'must be an absolute https URL, with placeholders in its path and query only')];
  }
  const { hostname, username, password } = new URL(`${scheme}://${authority}`);
  return [
    ...(/[#\s\\]|[^\x20-\x7e]/.test(url) ? [fault('url', 'may hold no fragment, space, backslash or character outside ASCII')] : []),
    ...(username !== '' || password !== '' ? [fault('url', 'may hold no user and password: give a header `authorization`')] : []),
    ...(scheme === 'https' || isLoopback(hostname) || allowUnencrypted === true
      ? []
      : [fault('url', 'must begin with https: codes and numbers would cross the network in the clear (`allowUnencrypted` permits it)')]),
  ];
}

function findValueFaults(values: unknown = {}): Fault[] {
  if (!isRecord(values)) return [fault('values', 'must be an object of texts')];
  return Object.entries(values).flatMap(([name, value]) => [
    ...(/^[A-Za-z][A-Za-z0-9]{0,39}$/.test(name) ? [] : [fault('values', 'must have names of letters and digits')]),
    ...((BUILT_IN as readonly string[]).includes(name) ? [fault(`values.${name}`, 'is the name of a built-in placeholder')] : []),
    ...(typeof value === 'string' ? [] : [fault(`values.${name}`, 'must be a text')]),
  ]);
}

/** Looks at templates and remembers which placeholders they use. */
class TemplateFaults {
  readonly #known: readonly string[];
  readonly #used = new Set<string>();

  constructor({ values, channels }: GatewaySettings) {
    const isEmailOnly = isChannelList(channels) && channels.every((channel) => channel === 'email');
    const reachesEmail = isChannelList(channels) && channels.includes('email');
    const absent = [...(isEmailOnly ? [] : ['subject']), ...(reachesEmail ? ['toDigits'] : [])];
    this.#known = [...BUILT_IN.filter((name) => !absent.includes(name)), ...(isRecord(values) ? Object.keys(values) : [])];
  }

  ofText(field: string, text: unknown, known: readonly string[] = this.#known): Fault[] {
    if (typeof text !== 'string') return [fault(field, 'must be a text')];
    const template = parseTemplate(text);
    if (template === undefined) return [fault(field, 'has a brace that belongs to no placeholder; a value that needs one goes into `values`')];
    for (const name of template.placeholders) this.#used.add(name);
    const names = known.map((name) => `{${name}}`).join(', ');
    return [...template.placeholders].every((name) => known.includes(name)) ? [] : [fault(field, `has a placeholder that is not one of ${names}`)];
  }

  ofHeaders(headers: unknown = {}): Fault[] {
    if (!isRecord(headers)) return [fault('headers', 'must be an object of texts')];
    const known = this.#known.filter((name) => !['text', 'code', 'subject'].includes(name));
    const names = Object.keys(headers).map((name) => name.toLowerCase());
    return Object.entries(headers).flatMap(([name, value]) => {
      if (!HEADER_NAME.test(name)) return [fault('headers', 'must have names that HTTP allows')];
      const field = `headers.${name}`;
      return [
        ...(HOP_BY_HOP.test(name) ? [fault(field, 'is written by HTTP itself')] : []),
        ...(names.indexOf(name.toLowerCase()) === names.lastIndexOf(name.toLowerCase()) ? [] : [fault(field, 'is there twice')]),
        ...(typeof value === 'string' && !/^[\x20-\x7e]*$/.test(value) ? [fault(field, 'must be printable ASCII on one line')] : []),
        ...this.ofText(field, value, known),
      ];
    });
  }

  ofBody(body: unknown, method: unknown): Fault[] {
    if (body === undefined) return [];
    if (method === 'GET') return [fault('body', 'has no place in a GET')];
    if (!isRecord(body) || Object.keys(body).length !== 1) return [fault('body', 'must be { json } or { form }')];
    if ('json' in body) return this.ofJson('body.json', body.json, 0);
    const form = body.form;
    if (!isRecord(form)) return [fault('body.form', 'must be an object of texts')];
    return Object.entries(form).flatMap(([name, value]) => this.ofText(`body.form.${name}`, value));
  }

  ofJson(field: string, value: unknown, depth: number): Fault[] {
    if (depth > MAX_DEPTH) return [fault('body.json', `must be at most ${MAX_DEPTH} levels deep`)];
    if (typeof value === 'string') return this.ofText(field, value);
    if (value === null || typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))) return [];
    if (Array.isArray(value)) return value.flatMap((item, index) => this.ofJson(`${field}[${index}]`, item, depth + 1));
    if (!isRecord(value)) return [fault(field, 'must be JSON')];
    return Object.entries(value).flatMap(([key, item]) =>
      /[{}]/.test(key) ? [fault(field, 'has a placeholder in a key')] : this.ofJson(`${field}.${key}`, item, depth + 1),
    );
  }

  /** A gateway that is not told whom, or not told the code, takes the money and reaches nobody. */
  ofWhole(): Fault[] {
    return [
      ...(this.#used.has('to') || this.#used.has('toDigits')
        ? []
        : [fault('body', 'names no destination: `{to}` or `{toDigits}` must be in it, or in `url`')]),
      ...(this.#used.has('text') || this.#used.has('code')
        ? []
        : [fault('body', 'carries no code: `{text}` or `{code}` must be in it, or in `url`')]),
    ];
  }
}

function findRefusedFaults(pattern: unknown, index: number): Fault[] {
  const field = `refused[${index}]`;
  const { permanent, problem } = (pattern ?? {}) as Readonly<Record<string, unknown>>;
  return [
    ...findPatternFaults(pattern, field, ['permanent', 'problem']),
    ...(typeof permanent === 'boolean' ? [] : [fault(`${field}.permanent`, 'must be true or false')]),
    ...(problem === undefined || typeof problem === 'string' ? [] : [fault(`${field}.problem`, 'must be a text')]),
  ];
}

function findPatternFaults(pattern: unknown, field: string, more: readonly string[]): Fault[] {
  if (!isRecord(pattern)) return [fault(field, 'must be an object')];
  const { status, at, values } = pattern;
  const isValue = (value: unknown) => ['string', 'number', 'boolean'].includes(typeof value);
  return [
    ...findUnknown(pattern, [...KNOWN_IN_ANSWER, ...more], `${field}.`),
    ...(status === undefined && at === undefined ? [fault(field, 'must have `status` or `at`')] : []),
    ...(status === undefined || (list(status).length > 0 && list(status).every((item) => toRange(item) !== undefined))
      ? []
      : [fault(`${field}.status`, 'must be a status, `2xx`, a range such as `400-428`, or a list of these')]),
    ...(at === undefined || isPointer(at) ? [] : [fault(`${field}.at`, 'must be a JSON pointer, such as `/status`')]),
    ...(values === undefined || (at !== undefined && Array.isArray(values) && values.length > 0 && values.every(isValue))
      ? []
      : [fault(`${field}.values`, 'must be a list of texts, numbers and booleans beside `at`')]),
  ];
}

function findUnknown(value: object, known: readonly string[], prefix: string): Fault[] {
  return Object.keys(value)
    .filter((key) => !known.includes(key))
    .map((key) => fault(`${prefix}${key}`, 'is not an option'));
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function fault(field: string, problem: string): Fault {
  return [field, problem];
}

import { Secret } from '../../core/secret.ts';
import type { GatewayRequest } from './exchange.ts';
import type { JsonTemplate, RequestTemplates } from './settings.ts';
import { parseTemplate, type Values } from './template.ts';

/** Turns the values of one message into a request. */
export type RequestMaker = (values: Values) => GatewayRequest | undefined;

type Render = (values: Values, encode: (value: string) => string) => string;

/**
 * Compiles the templates once, so that a change of the caller's objects changes nothing, and nothing of them is left where it could be printed.
 *
 * The maker answers undefined where a value does not fit its place: then nothing has left.
 */
export function compileRequest({ method = 'POST', url, headers = {}, body }: RequestTemplates): RequestMaker {
  const renderUrl = compile(url);
  const renderBody = compileBody(body);
  const given = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), compile(value)] as const);
  const type = body === undefined ? undefined : body.json === undefined ? 'application/x-www-form-urlencoded' : 'application/json';
  // Compressed answers are a way past the bound on what is read.
  const defaults = { accept: 'application/json', 'user-agent': 'countersign', 'accept-encoding': 'identity', ...(type && { 'content-type': type }) };
  const added = Object.entries(defaults).filter(([name]) => !given.some(([known]) => known === name));

  return (values) => {
    try {
      const own = given.map(([name, render]) => [name, render(values, (value) => value)] as const);
      // Ensure that no value begins a header of its own (CWE-113).
      if (own.some(([, value]) => !/^[\x20-\x7e]*$/.test(value))) return undefined;
      return { url: renderUrl(values, encodeURIComponent), method, headers: [...added, ...own], body: renderBody?.(values) };
    } catch {
      return undefined;
    }
  };
}

/** Encoded by JSON and by URLSearchParams themselves, after the values are in: a quote in a text stays a quote, and a plus stays a plus. */
function compileBody(body: RequestTemplates['body']): ((values: Values) => string) | undefined {
  if (body === undefined) return undefined;
  if (body.form !== undefined) {
    const fields = Object.entries(body.form).map(([name, value]) => [name, compile(value)] as const);
    return (values) => new URLSearchParams(fields.map(([name, render]): [string, string] => [name, render(values, (value) => value)])).toString();
  }
  const json = new Secret(JSON.stringify(body.json));
  return (values) => JSON.stringify(fill(JSON.parse(json.reveal()) as JsonTemplate, values));
}

function fill(json: JsonTemplate, values: Values): JsonTemplate {
  if (typeof json === 'string') return compile(json)(values, (value) => value);
  if (typeof json !== 'object' || json === null) return json;
  if (Array.isArray(json)) return json.map((item) => fill(item, values));
  return Object.fromEntries(Object.entries(json).map(([key, item]) => [key, fill(item, values)]));
}

/** What passed the check of the settings is a template. */
function compile(text: string): Render {
  return parseTemplate(text)?.render ?? (() => text);
}

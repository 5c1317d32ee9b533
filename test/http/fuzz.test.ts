import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { NewApiKey } from '../../src/engine/tenants.ts';
import { PAGE } from '../tenants-world.ts';
import { DOCUMENT, SEEN } from './documented.ts';
import { makeTenant, RestWorld, TO } from './world.ts';

/**
 * Requests made from the OpenAPI document alone: valid, nearly valid and hostile. Each answer is held against the document by `ask`; here it is that none is
 * a 5xx and none takes longer than it may. `COUNTERSIGN_FUZZ=20000` for more, `COUNTERSIGN_SEED` for the same again.
 */
const RUNS = Number(process.env.COUNTERSIGN_FUZZ ?? 2_000);
const SEED = Number(process.env.COUNTERSIGN_SEED ?? Math.floor(Math.random() * 2 ** 31));

/** No answer takes longer, in milliseconds; a slow machine has room. */
const PATIENCE = 5_000;

type Json = Record<string, any>;

/** Texts that have tripped programs. */
const HOSTILE = fc.constantFrom<unknown>(
  '',
  ' ',
  '\0',
  '\ud800',
  '\u202e',
  '../../etc/passwd',
  "' or 1=1 --",
  '%24{jndi:ldap://x}',
  '{code}',
  'a\r\nset-cookie: x',
  '__proto__',
  'constructor',
  'x'.repeat(10_000),
  '9'.repeat(400),
  -1,
  0,
  1.5,
  1e308,
  2 ** 53,
  null,
  true,
  [],
  {},
  [[[[]]]],
);

/** A value that a schema allows. */
function valid(schema: Json): fc.Arbitrary<unknown> {
  if (schema.$ref !== undefined) return valid(DOCUMENT.components.schemas[schema.$ref.split('/').at(-1)]);
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map(valid));
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if (schema.type === 'null') return fc.constant(null);
  if (schema.type === 'boolean') return fc.boolean();
  if (schema.type === 'integer') return fc.integer({ min: schema.minimum ?? 0, max: schema.maximum ?? 100 });
  if (schema.type === 'array')
    return fc.array(valid(schema.items), { minLength: schema.minItems ?? 0, maxLength: Math.min(schema.maxItems ?? 3, 3) });
  if (schema.type === 'string') return validText(schema);
  if (schema.properties === undefined) return fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.jsonValue(), { maxKeys: 3 });
  const fields = Object.fromEntries(Object.entries(schema.properties as Json).map(([name, part]) => [name, valid(part)]));
  return fc.record(fields, { requiredKeys: schema.required ?? [] });
}

function validText({ pattern, minLength = 0, maxLength = 40 }: Json): fc.Arbitrary<string> {
  if (pattern !== undefined) return fc.stringMatching(new RegExp(pattern));
  const known = fc.constantFrom(TO, '+14155552672', '+14155550100', 'a@example.com', '123456', '246810', '2026-01-01T00:00:00Z', 'r');
  const text = fc.string({ minLength, maxLength: Math.min(maxLength, 60), unit: 'grapheme' });
  return fc.oneof({ weight: 3, arbitrary: known }, { weight: 1, arbitrary: text });
}

/** An object that is valid but for one field: one that is hostile, gone, or unknown. */
function nearly(object: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.tuple(object, fc.nat(), HOSTILE, fc.constantFrom('spoil', 'remove', 'add')).map(([value, at, hostile, how]) => {
    const changed: Json = { ...(value as Json) };
    const names = Object.keys(changed);
    const name = names[at % Math.max(1, names.length)] ?? 'to';
    if (how === 'remove') delete changed[name];
    else changed[how === 'add' ? String(hostile).slice(0, 50) : name] = hostile;
    return changed;
  });
}

interface Shot {
  readonly method: string;
  readonly url: string;
  readonly who: 'own' | 'root' | 'nobody' | 'none';
  readonly body: unknown;
  readonly raw: string | undefined;
  readonly headers: Record<string, string>;
}

const OPERATIONS = Object.entries(DOCUMENT.paths as Record<string, Record<string, Json>>).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
);

/** Ids that are there are put in where a path has `{id}`. */
const ids = fc.oneof(fc.constantFrom('VERIFICATION', 'SERVICE', 'APIKEY'), fc.stringMatching(/^(VE|VA|SK)[0-9a-f]{32}$/), HOSTILE.map(String));

const shot: fc.Arbitrary<Shot> = fc.constantFrom(...OPERATIONS).chain(({ path, method, operation }) => {
  const parameters = (operation.parameters ?? []) as Json[];
  const query = fc.record(
    Object.fromEntries(parameters.filter((each) => each.in === 'query').map((each) => [each.name, fc.oneof(valid(each.schema), HOSTILE)])),
    { requiredKeys: [] },
  );
  const schema = operation.requestBody?.content['application/json'].schema;
  const sound = schema === undefined ? fc.constant(undefined) : valid(schema);
  const body = fc.oneof({ weight: 5, arbitrary: sound }, { weight: 4, arbitrary: nearly(sound) }, { weight: 1, arbitrary: fc.jsonValue() });
  return fc.record({
    method: fc.oneof(
      { weight: 30, arbitrary: fc.constant(method) },
      { weight: 1, arbitrary: fc.constantFrom('PUT', 'DELETE', 'POST', 'GET', 'HEAD', 'OPTIONS') },
    ),
    url: fc.tuple(ids, query).map(([id, given]) => toUrl(path.replace(/\{\w+\}/, encodeURIComponent(wellFormed(id))), given)),
    who: fc.constantFrom('own', 'own', 'root', 'root', 'nobody', 'none'),
    body,
    raw: fc.option(fc.oneof(fc.string({ maxLength: 200 }), fc.json(), fc.constant('{"to":1,"to":2}'), fc.constant('['.repeat(5_000))), {
      freq: 12,
      nil: undefined,
    }),
    headers: fc.oneof(
      { weight: 8, arbitrary: fc.constant({}) },
      { weight: 1, arbitrary: fc.record({ 'idempotency-key': fc.constantFrom('a', 'b', 'c', '', 'x y', 'z'.repeat(300)) }) },
      {
        weight: 1,
        arbitrary: fc.record({ 'content-type': fc.constantFrom('text/plain', 'application/json; charset=latin1', ';;;', 'application/xml') }),
      },
      { weight: 1, arbitrary: fc.record({ 'x-forwarded-for': fc.constantFrom('1.2.3.4', 'x', '::1', ',,,'), 'x-request-id': fc.constant('1') }) },
    ),
  }) as fc.Arbitrary<Shot>;
});

function wellFormed(text: string): string {
  return text.replaceAll(/\p{Cs}/gu, '').slice(0, 300);
}

function toUrl(path: string, query: Json): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    [value].flat().map((each) => `${name}=${encodeURIComponent(wellFormed(String(each)))}`),
  );
  return pairs.length === 0 ? path : `${path}?${pairs.join('&')}`;
}

/** A world that lives through some hundred requests: what one leaves behind the next ones meet. */
async function openWorld() {
  const world = new RestWorld();
  const test = { numbers: ['+14155550100'], code: '246810', until: '2026-03-01T00:00:00Z', acknowledged: false };
  const { service, key, root } = await makeTenant(world, { checkByDestination: true, sharePending: true, test, page: PAGE });
  const { body } = await world.ask('POST', '/v1/verifications', { key, body: { to: '+14155550100' } });
  const victim = await world.makeKey(service.id, ['read']);
  return { world, service, key, root, victim, verification: String(body.id) };
}

type Fuzzed = Awaited<ReturnType<typeof openWorld>>;

async function fire({ world, service, key, root, victim, verification }: Fuzzed, { method, url, who, body, raw, headers }: Shot): Promise<void> {
  const keys: Record<Shot['who'], NewApiKey | undefined> = {
    own: key,
    root,
    none: undefined,
    nobody: { ...key, key: { ...key.key, id: `SK${'0'.repeat(32)}` } },
  };
  const target = url.replace('VERIFICATION', verification).replace('SERVICE', service.id).replace('APIKEY', victim.key.id);
  const begun = performance.now();
  const answer = await world.ask(method, target, { key: keys[who], ...(raw === undefined ? { body } : { raw }), headers });
  if (answer.status >= 500) throw new Error(`${method} ${target} answered ${answer.status}: ${answer.text}`);
  if (performance.now() - begun > PATIENCE) throw new Error(`${method} ${target} took ${performance.now() - begun} ms`);
  if (/\\n +at |\.[tj]s:\d+/.test(answer.text)) throw new Error(`${method} ${target} answered a stack trace`);
  world.clock += 7_000;
}

describe('a fuzzer made from the OpenAPI document', () => {
  it(`gets no 5xx, no hang and no undocumented status in ${RUNS} requests (seed ${SEED})`, { timeout: 600_000 }, async () => {
    SEEN.clear();
    let fuzzed = await openWorld();
    let fired = 0;
    await fc.assert(
      fc.asyncProperty(shot, async (each) => {
        // A service may have been deleted and a key revoked: then little is left to be found.
        if (fired % 100 === 0) fuzzed = await openWorld();
        fired += 1;
        await fire(fuzzed, each);
      }),
      { numRuns: RUNS, seed: SEED, endOnFailure: true },
    );
    const statuses = [...SEEN.values()].flatMap((seen) => [...seen]);
    // It has come through the door, and not only been sent away.
    if (RUNS >= 2_000) for (const status of [200, 201, 400, 401, 403, 404, 415]) expect(statuses).toContain(status);
    expect(SEEN.size).toBe(OPERATIONS.length);
  });
});

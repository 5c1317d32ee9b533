import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { errorOf, T0 } from '../../test/builders.ts';
import { DEPLOYMENT, PLAIN_FIELDS } from '../../test/tenants-world.ts';
import { DAY, SECOND } from '../core/duration.ts';
import { DEFAULT_LIMITS, resolveLimits } from './limits.ts';
import { parseService, parseServicePatch, readStoredFields } from './parse-service.ts';
import { toVerifierSettings } from './service-bounds.ts';
import type { DeploymentLimits, ServiceFields } from './service-settings.ts';

const context = { deployment: DEPLOYMENT, now: T0 };
const until = new Date(T0 + DAY).toISOString();
const TEST = { numbers: ['+14155550100'], code: '123456', until, acknowledged: false };

const parse = (input: unknown, deployment: DeploymentLimits = DEPLOYMENT) => parseService(input, { deployment, now: T0 });
const faultsOf = (input: unknown, deployment?: DeploymentLimits) => {
  const { code, message } = errorOf(() => parse(input, deployment));
  expect(code).toBe('invalid_request');
  return message;
};
const fieldsNamed = (message: string) => [...message.matchAll(/(?:^|; )`([^`]+)`/g)].map(([, field]) => field);

describe('a new service', () => {
  it('has defaults for all but its name, frozen all the way down', () => {
    const fields = parse({ name: 'Shop' });
    expect(fields).toEqual(PLAIN_FIELDS);
    expect([fields, fields.ladderSeconds, fields.budgets].every(Object.isFrozen)).toBe(true);
  });

  it('begins with the limits of its deployment, in seconds that are rounded up', () => {
    const limits = { ...DEFAULT_LIMITS, codeLength: 8, life: 90_500, ladder: [500, 1_500], sendSpacing: 60_000, resendPolicy: 'rotate' } as const;
    expect(parse({ name: 'Shop' }, { ...DEPLOYMENT, limits })).toMatchObject({
      ...{ codeLength: 8, lifeSeconds: 91, ladderSeconds: [1, 2], sendSpacingSeconds: 60, resendPolicy: 'rotate' },
    });
  });

  it.each<[field: string, good: readonly unknown[], bad: readonly unknown[]]>([
    [
      'name',
      ['x', 'x'.repeat(64), 'Größe 7 · 店'],
      ['', ' x', 'x ', 'x'.repeat(65), 'a\nb', 'a\0', 'a\u202eb', 'a\u200bb', '\ud800', 7, null, ['x']],
    ],
    ['codeLength', [4, 10], [3, 11, 6.5, '6', null, Number.NaN]],
    ['lifeSeconds', [60, 600], [59, 601, 60.5, '60', null]],
    ['emailLifeSeconds', [60, 86_400], [59, 86_401, null]],
    [
      'ladderSeconds',
      [[], [1], [1, 1, 2_592_000], Array(20).fill(5)],
      [[0], [2, 1], [2_592_001], [1.5], ['1'], Array(21).fill(5), Array(3), 7, null, {}],
    ],
    ['sendSpacingSeconds', [30, 3_600], [0, 3_601, null]],
    ['resendPolicy', ['repeat', 'rotate'], ['Repeat', '', null, 1, ['repeat']]],
    ['sharePending', [true, false], [1, 'true', null]],
    ['compatibility', [null, 'twilio'], ['Twilio', '', 7, ['twilio'], true]],
    ['ladderOnTop', [true, false], [1, 'true', null]],
    ['psd2', [true, false], [1, 'true', null]],
    ['customCodes', [true, false], [1, 'true', null]],
    [
      'purposes',
      [null, ['login'], ['a', 'b.c_d-E9'], Array.from({ length: 50 }, (_, i) => `p${i}`)],
      [[], ['a', 'a'], ['a b'], [''], ['x'.repeat(65)], [7], 'login', {}, Array(2), Array.from({ length: 51 }, (_, i) => `p${i}`)],
    ],
    ['origin', [null, 'https://example.com'], ['http://example.com', 'https://example.com/x', '', 7, `https://${'a.'.repeat(140)}com`]],
    [
      'template',
      [null, '{code}', `${'x'.repeat(1_594)}{code}`],
      ['', 'no code', '{code}{code}', '{name} {code}', '\0{code}', 7, `${'x'.repeat(1_595)}{code}`],
    ],
    ['subject', [null, 'Your code'], ['', ' ', 'a\nb', '{code}', 7, 'x'.repeat(201)]],
    ['allowedCountries', [null, ['DE', 'FR']], [[], ['de'], ['XX'], ['DE', 'DE'], ['constructor'], ['__proto__'], 'DE', [1]]],
    ['channels', [null, ['sms'], ['email', 'call']], [[], ['pigeon'], ['sms', 'sms'], 'sms', [null]]],
    ['checkByDestination', [true, false], [0, 'no', null]],
    ['budgets', [{}, { sendsPerHour: 5, sendsPerDay: 10, wrongPerHour: 10, wrongPerDay: 20 }, { wrongPerDay: 1 }], [null, [], 7]],
    ['test', [null, TEST, { ...TEST, acknowledged: undefined }], [7, [], 'x']],
  ])('takes %s as it is said to be, and names it where it is not', (field, good, bad) => {
    for (const value of good) expect(parse({ name: 'Shop', [field]: value })).toMatchObject({ [field]: JSON.parse(JSON.stringify(value)) });
    for (const value of bad) expect(fieldsNamed(faultsOf({ name: 'Shop', [field]: value })), JSON.stringify(value)).toEqual([field]);
  });

  it.each([
    ['budgets.sendsPerHour', { budgets: { sendsPerHour: 6 } }],
    ['budgets.sendsPerDay', { budgets: { sendsPerDay: 11 } }],
    ['budgets.wrongPerHour', { budgets: { wrongPerHour: 11 } }],
    ['budgets.wrongPerDay', { budgets: { wrongPerDay: 21 } }],
    ['budgets.wrongPerDay', { budgets: { wrongPerDay: 0 } }],
    ['budgets.wrongPerDay', { budgets: { wrongPerDay: '1' } }],
    ['budgets.guesses', { budgets: { guesses: 1 } }],
    ['sendSpacingSeconds', { sendSpacingSeconds: 29 }],
    ['test.numbers', { test: { ...TEST, numbers: undefined } }],
    ['test.code', { test: { ...TEST, code: undefined } }],
    ['test.until', { test: { ...TEST, until: undefined } }],
    ['test.acknowledged', { test: { ...TEST, acknowledged: 'yes' } }],
    ['test.numbers', { test: { ...TEST, numbers: [] } }],
    ['test.code', { test: { ...TEST, code: '12345' } }],
    ['test.code', { codeLength: 4, test: TEST }],
    ['test.extra', { test: { ...TEST, extra: 1 } }],
  ])('names %s, also inside an object', (field, given) => {
    expect(fieldsNamed(faultsOf({ name: 'Shop', ...given }))).toEqual([field]);
  });

  it('may be no laxer than its deployment in countries and channels', () => {
    const deployment: DeploymentLimits = { ...DEPLOYMENT, allowedCountries: ['DE', 'AT'], channels: ['sms', 'email'] };
    const given = { name: 'Shop', allowedCountries: ['DE', 'FR'], channels: ['call'] };
    expect(fieldsNamed(faultsOf(given, deployment))).toEqual(['allowedCountries', 'channels']);
    expect(parse({ ...given, allowedCountries: ['AT'], channels: ['email'] }, deployment)).toMatchObject({
      allowedCountries: ['AT'],
      channels: ['email'],
    });
  });

  it('names every fault at once, first of all in `field`, and never a value', () => {
    const given = {
      codeLength: 987_654,
      lifeSeconds: 'private',
      budgets: { sendsPerDay: 99 },
      channels: ['fax'],
      colour: 'private',
      '+14155552671': 1,
      '`\n': 2,
    };
    const error = errorOf(() => parse(given));
    expect(error.field).toBe('name');
    expect(fieldsNamed(error.message)).toEqual([
      ...['name', 'codeLength', 'lifeSeconds', 'channels', 'colour', '(a field of another name)', '(a field of another name)'],
      'budgets.sendsPerDay',
    ]);
    for (const value of ['987654', 'private', '99', 'fax', '4155552671', '\n']) expect(error.message).not.toContain(value);
  });

  it('is given as an object, and says so in few words however many fields are unknown', () => {
    for (const input of [null, undefined, 7, 'x', [], [{ name: 'x' }]]) expect(faultsOf(input)).toBe('`input` must be an object');
    const many = Object.fromEntries(Array.from({ length: 2_000 }, (_, i) => [`f${'x'.repeat(i % 30)}${i}`, 1]));
    expect(faultsOf({ name: 'x', ...many }).length).toBeLessThan(4_000);
    expect(faultsOf({ name: 'x', ...many })).toContain('and 1960 more');
  });

  it('takes nothing from a prototype', () => {
    expect(faultsOf(JSON.parse('{"name":"x","__proto__":{"codeLength":4}}'))).toContain('is unknown');
    expect(faultsOf({ name: 'x', constructor: 1, toString: 2 })).toBe('`constructor` is unknown; `toString` is unknown');
    expect(parse(Object.create({ codeLength: 4 }, { name: { value: 'x', enumerable: true } })).codeLength).toBe(6);
  });
});

describe('a patch of a service', () => {
  const patch = (given: unknown, current: Partial<ServiceFields> = {}, now: number = T0) =>
    parseServicePatch(given, { ...PLAIN_FIELDS, ...current }, { ...context, now });
  const patchFaults = (...args: Parameters<typeof patch>) => fieldsNamed(errorOf(() => patch(...args)).message);

  it('leaves what it does not name and replaces what it names as a whole', () => {
    expect(patch({})).toEqual(PLAIN_FIELDS);
    expect(patch({ codeLength: undefined, name: undefined })).toEqual(PLAIN_FIELDS);
    expect(patch({ codeLength: 8, budgets: { wrongPerDay: 3 } }, { budgets: { sendsPerDay: 2 } })).toEqual({
      ...{ ...PLAIN_FIELDS, codeLength: 8, budgets: { wrongPerDay: 3 } },
    });
    expect(patch({ template: null }, { template: '{code}' }).template).toBeNull();
  });

  it('may not name what is not an operator’s', () => {
    expect(patchFaults({ id: 'VA', createdAt: '', updatedAt: '', name: '' })).toEqual(['id', 'createdAt', 'updatedAt', 'name']);
  });

  it('judges the code of test numbers by the length that comes of it, whichever of the two it names', () => {
    expect(patchFaults({ codeLength: 8 }, { test: TEST })).toEqual(['test.code']);
    expect(patch({ codeLength: 8, test: { ...TEST, code: '12345678' } }, { test: TEST }).codeLength).toBe(8);
    expect(patchFaults({ test: TEST }, { codeLength: 8 })).toEqual(['test.code']);
    // A length at fault says nothing of the code.
    expect(patchFaults({ codeLength: 99, test: TEST })).toEqual(['codeLength']);
  });

  it('does not ask for a new period of test numbers that have ended', () => {
    expect(patch({ name: 'Other' }, { test: TEST }, T0 + 2 * DAY).test).toEqual(TEST);
    expect(patch({ codeLength: 6 }, { test: TEST }, T0 + 2 * DAY).test).toEqual(TEST);
    expect(patchFaults({ test: TEST }, {}, T0 + 2 * DAY)).toEqual(['test.until']);
  });

  it('does not ask again for what a deployment has taken back since', () => {
    expect(patch({ name: 'Other' }, { sendSpacingSeconds: 1, budgets: { sendsPerDay: 50 } }).budgets).toEqual({ sendsPerDay: 50 });
  });
});

const anyFields = fc.record({
  name: fc.constantFrom('a', 'Shop'),
  codeLength: fc.integer({ min: 4, max: 10 }),
  lifeSeconds: fc.integer({ min: 60, max: 600 }),
  emailLifeSeconds: fc.integer({ min: 60, max: 86_400 }),
  ladderSeconds: fc.array(fc.integer({ min: 1, max: 2_592_000 }), { maxLength: 20 }).map((rungs) => rungs.sort((a, b) => a - b)),
  sendSpacingSeconds: fc.integer({ min: 30, max: 3_600 }),
  resendPolicy: fc.constantFrom('repeat', 'rotate'),
  sharePending: fc.boolean(),
  purposes: fc.option(fc.uniqueArray(fc.constantFrom('a', 'b', 'c'), { minLength: 1 })),
  origin: fc.constantFrom(null, 'https://example.com'),
  template: fc.constantFrom(null, '{code} \u{1f600}'),
  subject: fc.constantFrom(null, 'Code'),
  allowedCountries: fc.constantFrom(null, ['DE'], ['DE', 'FR']),
  channels: fc.option(fc.uniqueArray(fc.constantFrom(...DEPLOYMENT.channels), { minLength: 1 })),
  budgets: fc.record(
    { sendsPerHour: fc.integer({ min: 1, max: 5 }), sendsPerDay: fc.integer({ min: 1, max: 10 }), wrongPerDay: fc.integer({ min: 1, max: 20 }) },
    { requiredKeys: [] },
  ),
  checkByDestination: fc.boolean(),
  ...{ compatibility: fc.constantFrom(null, 'twilio' as const), ladderOnTop: fc.boolean(), psd2: fc.boolean(), customCodes: fc.boolean() },
});

describe('whatever is accepted', () => {
  it('makes limits that a verifier takes, none laxer than the deployment’s', () => {
    fc.assert(
      fc.property(anyFields, (given) => {
        const { limits } = toVerifierSettings(parse(given), DEPLOYMENT);
        expect(resolveLimits(limits)).toEqual(limits);
        for (const name of ['sendsPerHour', 'sendsPerDay', 'knownSendsPerDay', 'wrongPerHour', 'wrongPerDay'] as const)
          expect(limits[name]).toBeLessThanOrEqual(DEFAULT_LIMITS[name]);
        // The preset says its own: see docs/decisions/0027.
        expect(limits.sendSpacing).toBeGreaterThanOrEqual(given.compatibility === null ? 30 * SECOND : 10 * SECOND);
      }),
    );
  });

  it('comes back from a store as it was, also where a country or a character is not known any more', () => {
    fc.assert(
      fc.property(anyFields, (given) => {
        const fields = parse(given);
        expect(readStoredFields(JSON.parse(JSON.stringify(fields)))).toEqual(fields);
      }),
    );
    const test = { ...TEST, numbers: ['+447700900123'], acknowledged: true };
    expect(readStoredFields({ ...PLAIN_FIELDS, name: 'a\u{e0080}', allowedCountries: ['ZZ'], test })).toMatchObject({
      allowedCountries: ['ZZ'],
      test,
    });
  });

  it('is not read where a field is missing, unknown or at fault', () => {
    for (const name of Object.keys(PLAIN_FIELDS)) {
      expect(readStoredFields({ ...PLAIN_FIELDS, [name]: undefined })).toBeUndefined();
      expect(readStoredFields({ ...PLAIN_FIELDS, [name]: 7.5 })).toBeUndefined();
    }
    expect(readStoredFields({ ...PLAIN_FIELDS, more: 1 })).toBeUndefined();
    for (const value of [null, 7, []]) expect(readStoredFields(value)).toBeUndefined();
  });
});

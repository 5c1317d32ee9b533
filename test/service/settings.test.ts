import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CountersignError } from '../../src/core/errors.ts';
import { readSettings, resolveSettings } from '../../src/service/read-settings.ts';
import { SETTINGS } from '../../src/service/setting-names.ts';
import { createFolder } from '../cli/run-cli.ts';

const SECRET = 'a secret of thirty-two bytes or more';

/** What reading the settings is refused with. */
function messageOf(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    if (error instanceof CountersignError && error.code === 'configuration_invalid') return error.message;
    throw error;
  }
  throw new Error('the settings were accepted');
}

function writeConfig(content: unknown): string {
  const path = join(createFolder(), 'countersign.json');
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

describe('settings', () => {
  it('are all optional, and have their defaults', () => {
    expect(readSettings({})).toMatchObject({
      database: 'countersign.db',
      host: '127.0.0.1',
      port: 8080,
      metrics: { host: '127.0.0.1', port: 9464 },
      provider: 'self_issued',
      trustedHops: 0,
      logLevel: 'info',
      acknowledgeTestNumbers: false,
    });
  });

  it('are read from the environment, with lists between commas', () => {
    const settings = readSettings({
      COUNTERSIGN_PORT: '8443',
      COUNTERSIGN_ALLOWED_COUNTRIES: 'DE, AT',
      COUNTERSIGN_KEYS: `${SECRET} new,${SECRET} old`,
      COUNTERSIGN_LIMITS_LADDER_SECONDS: '60,120',
      COUNTERSIGN_LIMITS_SHARE_PENDING: 'true',
      COUNTERSIGN_SMTP_URL: 'smtps://mail.example.com',
      COUNTERSIGN_SMTP_FROM: 'no-reply@example.com',
      COUNTERSIGN_METRICS_PORT: '0',
      SOMETHING_ELSE: 'is not ours',
    });
    expect(settings).toMatchObject({
      port: 8443,
      allowedCountries: ['DE', 'AT'],
      keys: [{ secret: `${SECRET} new` }, { secret: `${SECRET} old` }],
      limits: { ladderSeconds: [60, 120], sharePending: true },
      smtp: { url: 'smtps://mail.example.com', from: 'no-reply@example.com', allowUnencrypted: false },
      metrics: { host: '127.0.0.1', port: 0 },
    });
  });

  it('are read from the file that COUNTERSIGN_CONFIG names, and the environment wins, setting by setting', () => {
    const file = writeConfig({
      port: 1,
      host: '0.0.0.0',
      metrics: { port: 2, host: '10.0.0.1' },
      allowedCountries: ['DE', 'AT'],
      limits: { sendsPerDay: 5 },
    });
    const settings = readSettings({ COUNTERSIGN_CONFIG: file, COUNTERSIGN_METRICS_PORT: '3', COUNTERSIGN_ALLOWED_COUNTRIES: 'FR' });
    expect(settings).toMatchObject({
      port: 1,
      host: '0.0.0.0',
      metrics: { port: 3, host: '10.0.0.1' },
      allowedCountries: ['FR'],
      limits: { sendsPerDay: 5 },
    });
  });

  it.each<[string, Record<string, string>, string]>([
    ['unknown', { COUNTERSIGN_PROT: '1' }, 'COUNTERSIGN_PROT is not a setting'],
    ['empty', { COUNTERSIGN_HOST: '' }, 'COUNTERSIGN_HOST is empty: unset it, or give it a value'],
    ['no number', { COUNTERSIGN_PORT: 'http' }, 'COUNTERSIGN_PORT must be a whole number'],
    ['out of range', { COUNTERSIGN_PORT: '65536' }, 'COUNTERSIGN_PORT must be <= 65535'],
    ['none of its words', { COUNTERSIGN_LOG_LEVEL: 'loud' }, 'COUNTERSIGN_LOG_LEVEL must be one of fatal, error, warn, info, debug, silent'],
    ['no flag', { COUNTERSIGN_ACKNOWLEDGE_TEST_NUMBERS: 'yes' }, 'COUNTERSIGN_ACKNOWLEDGE_TEST_NUMBERS must be true or false'],
    ['no country', { COUNTERSIGN_ALLOWED_COUNTRIES: 'de' }, 'COUNTERSIGN_ALLOWED_COUNTRIES must be codes of two capitals'],
    ['no origin', { COUNTERSIGN_PUBLIC_URL: 'https://a.example/path' }, 'COUNTERSIGN_PUBLIC_URL must be an http or https address without a path'],
    ['a short secret', { COUNTERSIGN_SECRET: 'hunter2' }, 'COUNTERSIGN_SECRET is shorter than 32 bytes'],
    ['a short key', { COUNTERSIGN_KEYS: `${SECRET},hunter2` }, 'COUNTERSIGN_KEYS is shorter than 32 bytes'],
    ['secret and keys', { COUNTERSIGN_SECRET: SECRET, COUNTERSIGN_KEYS: SECRET }, 'COUNTERSIGN_KEYS and `secret` cannot both be given'],
    [
      'a limit out of range',
      { COUNTERSIGN_LIMITS_LIFE_SECONDS: '601' },
      'COUNTERSIGN_LIMITS_LIFE_SECONDS must be a whole number of seconds from 60 to 600',
    ],
    [
      'a ladder that shrinks',
      { COUNTERSIGN_LIMITS_LADDER_SECONDS: '9,8' },
      'COUNTERSIGN_LIMITS_LADDER_SECONDS must never shrink from one rung to the next',
    ],
    ['a number in hexadecimal digits', { COUNTERSIGN_PORT: '0x50' }, 'COUNTERSIGN_PORT must be a whole number'],
    ['a number with an exponent', { COUNTERSIGN_RATES_KEY_BURST: '1e2' }, 'COUNTERSIGN_RATES_KEY_BURST must be a whole number'],
    ['such a rung', { COUNTERSIGN_LIMITS_LADDER_SECONDS: '60,0x78' }, 'COUNTERSIGN_LIMITS_LADDER_SECONDS must be a whole number'],
    [
      'a country that is none',
      { COUNTERSIGN_ALLOWED_COUNTRIES: 'DE,UK' },
      'COUNTERSIGN_ALLOWED_COUNTRIES must be ISO 3166-1 alpha-2 codes of countries with telephone numbers, such as GB (and not UK)',
    ],
    ['a text without a code', { COUNTERSIGN_TEMPLATE: 'Hello' }, 'COUNTERSIGN_TEMPLATE must hold `{code}` exactly once'],
    ['a subject of two lines', { COUNTERSIGN_SUBJECT: 'a\nb' }, 'COUNTERSIGN_SUBJECT must be one line without control characters'],
    [
      'an origin without TLS',
      { COUNTERSIGN_ORIGIN: 'http://shop.example.com' },
      'COUNTERSIGN_ORIGIN must be `https://` and a host name: no user, port, path, query or fragment',
    ],
    ['half a sender', { COUNTERSIGN_SMTP_URL: 'smtp://a' }, 'COUNTERSIGN_SMTP_FROM is missing: COUNTERSIGN_SMTP_URL is set'],
    [
      'Twilio without its account',
      { COUNTERSIGN_PROVIDER: 'twilio_verify', TWILIO_ACCOUNT_SID: 'A', TWILIO_AUTH_TOKEN: 'B' },
      'TWILIO_SERVICE_SID is missing: the provider is twilio_verify',
    ],
  ])('are refused when one is %s, by its variable', (_, environment, message) => {
    expect(messageOf(() => readSettings(environment))).toBe(message);
  });

  it.each<[string, unknown, RegExp]>([
    ['unknown', { prot: 1 }, /countersign\.json: prot is not a setting$/],
    ['unknown, further in', { smtp: { uri: 'x' } }, /countersign\.json: smtp\.uri is not a setting$/],
    ['of the wrong type', { port: '8080' }, /countersign\.json: port must be a whole number$/],
    ['out of range', { limits: { sendsPerDay: 1_000 } }, /countersign\.json: limits\.sendsPerDay must be a whole number from 1 to 100$/],
    ['no object', [], /^COUNTERSIGN_CONFIG names \S+, which must hold one JSON object$/],
    ['one of two', '{"port": 1, "port": 2}', /^COUNTERSIGN_CONFIG names \S+, which has a name twice in one object$/],
    ['no JSON', '{"secret": "hunter2"', /^COUNTERSIGN_CONFIG names \S+, which is not JSON$/],
  ])('are refused when one of the file is %s, by its place', (_, content, message) => {
    expect(messageOf(() => readSettings({ COUNTERSIGN_CONFIG: writeConfig(content) }))).toMatch(message);
  });

  it('are refused when the file cannot be read', () => {
    expect(messageOf(() => readSettings({ COUNTERSIGN_CONFIG: join(createFolder(), 'none.json') }))).toMatch(/which cannot be read/);
  });

  it('are refused with one message that names every fault of both sources, and no value', () => {
    const file = writeConfig({ smtp: { uri: 'hunter2' }, keys: [{ secret: 'hunter2' }] });
    const message = messageOf(() => readSettings({ COUNTERSIGN_CONFIG: file, COUNTERSIGN_PORT: 'hunter2', COUNTERSIGN_INDEX_SECRET: 'hunter2' }));
    expect(message).toMatch(/smtp\.uri is not a setting/);
    expect(message).toMatch(/COUNTERSIGN_PORT must be a whole number/);
    expect(message).toMatch(/COUNTERSIGN_INDEX_SECRET is shorter than 32 bytes/);
    expect(message).toMatch(/keys is shorter than 32 bytes/);
    expect(message).not.toContain('hunter2');
  });

  it('are held to the same schema when a program gives them', () => {
    expect(resolveSettings({ metrics: { port: 0 } })).toMatchObject({ metrics: { host: '127.0.0.1', port: 0 } });
    expect(messageOf(() => resolveSettings({ prot: 1 } as object))).toBe('prot is not a setting');
  });

  it('have a variable each, no two the same, but for what only a file can hold', () => {
    const variables = SETTINGS.flatMap(({ variable }) => variable ?? []);
    expect(new Set(variables).size).toBe(variables.length);
    expect(SETTINGS.filter(({ variable }) => variable === undefined).map(({ name }) => name)).toEqual(['httpGateways']);
  });

  it('are all on docs/settings.md, as the schema has them', () => {
    expect(execFileSync(process.execPath, ['scripts/docs-settings.js', '--check'], { encoding: 'utf8' })).toContain('says what the schema does');
  });
});

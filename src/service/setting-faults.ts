import { isSupportedCountry } from 'libphonenumber-js/max';
import { CountersignError } from '../core/errors.ts';
import { describeOriginFault, describeSubjectFault, describeTemplateFault } from '../core/message-rules.ts';
import { type Limits, resolveLimits } from '../engine/limits.ts';
import type { Settings } from './settings.ts';
import { LIMIT_SETTINGS, toLimitSetting } from './settings-schema.ts';

/** The name of a setting, and what is wrong with it. No problem repeats a value. */
export type SettingFault = readonly [name: string, problem: string];

/** As long as the engine wants it: 256 bits. */
const MIN_SECRET_BYTES = 32;

/** What is wrong with settings whose form is right; `toName` says how a setting is called where it was given. */
export function findSettingFaults(settings: Partial<Settings>, toName: (path: readonly string[]) => string): readonly SettingFault[] {
  const { secret, keys, indexSecret, limits, smtp = {}, vonage = {}, twilio = {} } = settings;
  const short = (path: readonly string[], value: string | undefined): SettingFault[] =>
    value === undefined || Buffer.byteLength(value) >= MIN_SECRET_BYTES ? [] : [[toName(path), `is shorter than ${MIN_SECRET_BYTES} bytes`]];
  return [
    ...short(['secret'], secret),
    ...(keys ?? []).flatMap(({ secret }) => short(['keys'], secret)),
    ...short(['indexSecret'], indexSecret),
    ...(secret !== undefined && keys !== undefined ? [[toName(['keys']), 'and `secret` cannot both be given'] as const] : []),
    ...together('smtp', smtp, ['url', 'from'], toName),
    ...together('vonage', vonage, ['apiKey', 'apiSecret', 'from'], toName),
    ...together('twilio', twilio, ['accountSid', 'authToken'], toName),
    ...findTwilioFaults(settings, toName),
    ...findTextFaults(settings, toName),
    ...findCountryFaults(settings, toName),
    ...findLimitFaults(limits, toName),
  ];
}

/** What stands in messages, looked at before one is made. */
function findTextFaults(
  { template, subject, origin }: Pick<Partial<Settings>, 'template' | 'subject' | 'origin'>,
  toName: (path: readonly string[]) => string,
): readonly SettingFault[] {
  const faults = [
    ['template', template === undefined ? undefined : describeTemplateFault(template)],
    ['subject', subject === undefined ? undefined : describeSubjectFault(subject)],
    ['origin', origin === undefined ? undefined : describeOriginFault(origin)],
  ] as const;
  return faults.flatMap(([name, fault]): SettingFault[] => (fault === undefined ? [] : [[toName([name]), fault]]));
}

/** A country that nobody's number is of would be one that is left out, in silence. */
function findCountryFaults(
  { allowedCountries = [] }: Pick<Partial<Settings>, 'allowedCountries'>,
  toName: (path: readonly string[]) => string,
): readonly SettingFault[] {
  if (allowedCountries.every((country) => isSupportedCountry(country))) return [];
  return [[toName(['allowedCountries']), 'must be ISO 3166-1 alpha-2 codes of countries with telephone numbers, such as GB (and not UK)']];
}

/** Limits as the engine takes them. */
export function toLimits(given: Settings['limits'] = {}): Partial<Limits> {
  const set = Object.entries(given).map(([name, value]) => {
    const { limit, isDuration } = LIMIT_SETTINGS.get(name) ?? { limit: name, isDuration: false };
    return [limit, isDuration ? toMilliseconds(value) : value];
  });
  return Object.fromEntries(set) as Partial<Limits>;
}

function toMilliseconds(value: unknown): unknown {
  return Array.isArray(value) ? value.map((entry) => Number(entry) * 1_000) : Number(value) * 1_000;
}

/** The engine's own words, with the names and the units of settings. */
function findLimitFaults(given: Settings['limits'] | undefined, toName: (path: readonly string[]) => string): readonly SettingFault[] {
  try {
    resolveLimits(toLimits(given));
    return [];
  } catch (error) {
    if (!(error instanceof CountersignError)) throw error;
    return error.message.split('; ').map((fault) => {
      const [, limit = '', problem = ''] = /^`limits\.(\w+)` (.*)$/.exec(fault) ?? [];
      return [toName(['limits', toLimitSetting(limit as keyof Limits)]), toSeconds(problem)];
    });
  }
}

function toSeconds(problem: string): string {
  const inSeconds = (milliseconds: string) => String(Math.ceil(Number(milliseconds) / 1_000));
  return problem
    .replace(/milliseconds from (\d+) to (\d+)/, (_, min: string, max: string) => `seconds from ${inSeconds(min)} to ${inSeconds(max)}`)
    .replace('milliseconds', 'seconds')
    .replaceAll(/`limits\.(\w+)`/g, (_, limit: string) => `\`limits.${toLimitSetting(limit as keyof Limits)}\``);
}

/** A way out that is set by half would be one that nobody uses, in silence. */
function together(
  section: string,
  given: Readonly<Record<string, unknown>>,
  names: readonly string[],
  toName: (path: readonly string[]) => string,
): readonly SettingFault[] {
  const set = names.filter((name) => given[name] !== undefined);
  if (set.length === 0 || set.length === names.length) return [];
  return names
    .filter((name) => !set.includes(name))
    .map((name) => [toName([section, name]), `is missing: ${toName([section, set[0] ?? ''])} is set`]);
}

function findTwilioFaults({ provider, twilio }: Partial<Settings>, toName: (path: readonly string[]) => string): readonly SettingFault[] {
  const missing = (names: readonly (keyof Settings['twilio'])[], why: string): SettingFault[] =>
    names.filter((name) => twilio?.[name] === undefined).map((name) => [toName(['twilio', name]), `is missing: ${why}`]);
  if (provider === 'twilio_verify') return missing(['accountSid', 'authToken', 'serviceSid'], 'the provider is twilio_verify');
  const { messagingFrom, messagingServiceSid } = twilio ?? {};
  if (messagingFrom === undefined && messagingServiceSid === undefined) return [];
  if (messagingFrom !== undefined && messagingServiceSid !== undefined) {
    return [[toName(['twilio', 'messagingServiceSid']), 'and `twilio.messagingFrom` cannot both be given']];
  }
  return missing(['accountSid', 'authToken'], 'messages are to go out through Twilio');
}

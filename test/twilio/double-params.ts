import { isIP } from 'node:net';
import { invalidParameter, TwilioError } from './double-errors.ts';

/** A form as it came: each field once. */
export type Form = Readonly<Record<string, string>>;

/** The channels a verification may be sent by, once `auto` has chosen. */
export type TwilioChannel = 'sms' | 'call' | 'email' | 'whatsapp';

const CHANNELS: Readonly<Record<string, TwilioChannel>> = { sms: 'sms', call: 'call', email: 'email', whatsapp: 'whatsapp', auto: 'sms' };

/** What each optional field of a create may hold, where Twilio says so; a field that is not here is taken as it is. */
const OPTIONAL: Readonly<Record<string, (value: string) => boolean>> = {
  CustomFriendlyName: (value) => value.length <= 30,
  CustomCode: (value) => hasLength(value, 4, 10),
  Locale: isLocale,
  RateLimits: (value) => toJsonObject(value) !== undefined,
  ChannelConfiguration: (value) => toJsonObject(value) !== undefined,
  TemplateCustomSubstitutions: (value) => toJsonObject(value) !== undefined,
  TemplateSid: (value) => /^HJ[0-9a-fA-F]{32}$/.test(value),
  Tags: isTags,
  DeviceIp: (value) => isIP(value) !== 0,
  RiskCheck: (value) => value === 'enable' || value === 'disable',
  EnableSnaClientToken: (value) => /^(?:true|false)$/i.test(value),
};

/** What a create asks for. */
export interface CreateParams {
  readonly to: string;
  readonly channel: TwilioChannel;
  readonly customCode: string | undefined;
  readonly amount: string | null;
  readonly payee: string | null;
}

/** @throws {TwilioError} 60200 for a field that is missing or wrong, and the codes of the fields that have one of their own. */
export function parseCreate(form: Form): CreateParams {
  if (form.Channel === 'sna') throw new TwilioError(60223);
  const channel = Object.hasOwn(CHANNELS, form.Channel ?? '') ? CHANNELS[form.Channel ?? ''] : undefined;
  if (!channel) throw invalidParameter('Channel', form.Channel);
  const to = parseTo(form.To, channel === 'email' ? isEmail : isPhone);
  for (const [name, isValid] of Object.entries(OPTIONAL)) {
    if (form[name] !== undefined && !isValid(form[name])) throw invalidParameter(name, form[name]);
  }
  if (form.CustomMessage !== undefined) throw new TwilioError(60243);
  if (form.AppHash !== undefined && channel !== 'sms') throw new TwilioError(60602);
  return { to, channel, customCode: form.CustomCode, amount: form.Amount ?? null, payee: form.Payee ?? null };
}

/** What a check asks about: a number, a verification, or one of them twice. */
export interface CheckParams {
  readonly to: string | undefined;
  readonly sid: string | undefined;
  readonly code: string;
  readonly amount: string | null;
  readonly payee: string | null;
}

/** @throws {TwilioError} 60221 when nothing says what to check, 60200 for a field that is missing or wrong. */
export function parseCheck(form: Form): CheckParams {
  const { To, VerificationSid: sid, Code } = form;
  if (To === undefined && sid === undefined) throw new TwilioError(60221);
  if (sid !== undefined && !/^VE[0-9a-fA-F]{32}$/.test(sid)) throw invalidParameter('VerificationSid', sid);
  const to = To === undefined ? undefined : parseTo(To, (value) => isPhone(value) || isEmail(value));
  if (Code === undefined || !hasLength(Code, 4, 10)) throw invalidParameter('Code', Code);
  return { to, sid, code: Code, amount: form.Amount ?? null, payee: form.Payee ?? null };
}

/** @throws {TwilioError} 60200 for anything but the two states an update may set. */
export function parseStatus(form: Form): 'approved' | 'canceled' {
  const { Status } = form;
  if (Status === 'approved' || Status === 'canceled') return Status;
  throw invalidParameter('Status', Status);
}

function parseTo(value: string | undefined, isValid: (value: string) => boolean): string {
  if (value !== undefined && isValid(value)) return value;
  throw invalidParameter('To', value);
}

function isPhone(value: string): boolean {
  return /^\+[1-9]\d{6,14}$/.test(value);
}

function isEmail(value: string): boolean {
  return /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(value);
}

function hasLength(value: string, min: number, max: number): boolean {
  return value.length >= min && value.length <= max;
}

/** The form of a BCP 47 tag only: which languages Twilio speaks changes, and its answer to the others is not agreed on. */
function isLocale(value: string): boolean {
  try {
    return Intl.getCanonicalLocales(value).length === 1;
  } catch {
    return false;
  }
}

function isTags(value: string): boolean {
  const tags = Object.entries(toJsonObject(value) ?? { '': undefined });
  return tags.length <= 10 && tags.every(([key, tag]) => key.length <= 128 && typeof tag === 'string' && tag.length <= 128);
}

function toJsonObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

import { readFile, stat } from 'node:fs/promises';
import { CountersignError } from '../core/errors.ts';
import { isServiceId } from '../core/tenant-ids.ts';
import type { ServiceFields } from '../engine/service-settings.ts';

/** One service of a file: what becomes of it here, and what does not. */
export interface TwilioService {
  /** `VA` + 32 lower-case hex. */
  readonly sid: string;
  readonly fields: Pick<ServiceFields, 'name' | 'codeLength' | 'psd2' | 'customCodes' | 'compatibility'>;
  /** What it uses and there is not here, in plain words. */
  readonly leftOut: readonly string[];
}

/** What a file holds. */
export interface TwilioServices {
  readonly services: readonly TwilioService[];
  /** Whether there is a page behind this one. */
  readonly hasMore: boolean;
}

/** Many times a page of a thousand services. */
const MAX_BYTES = 20_000_000;

/** What a service of theirs may use, by the path of its member, and what it is called. A member is in use where it is neither as below nor null. */
const NOT_OFFERED: readonly (readonly [path: string, unused: unknown, what: string])[] = [
  ['lookup_enabled', false, 'looking up carriers (lookup_enabled)'],
  ['skip_sms_to_landlines', false, 'leaving out landlines (skip_sms_to_landlines)'],
  ['dtmf_input_required', true, 'calls that wait for no key (dtmf_input_required)'],
  ['tts_name', '', 'a voice of its own (tts_name)'],
  ['do_not_share_warning_enabled', false, 'the warning not to share a code (do_not_share_warning_enabled)'],
  ['default_template_sid', '', 'its message template (default_template_sid); set `template` here'],
  ['verify_event_subscription_enabled', false, 'event streams (verify_event_subscription_enabled)'],
  ['totp.issuer', '', 'codes from an authenticator app (totp)'],
  ['push.apn_credential_sid', '', 'push to iOS (push.apn_credential_sid)'],
  ['push.fcm_credential_sid', '', 'push to Android (push.fcm_credential_sid)'],
  ['whatsapp.msg_service_sid', '', 'its WhatsApp sender (whatsapp.msg_service_sid); configure one here'],
  ['whatsapp.from', '', 'its WhatsApp number (whatsapp.from); configure a sender here'],
  ['passkeys.relying_party.id', '', 'passkeys'],
];

/**
 * Reads what `GET /v2/Services` or `GET /v2/Services/VA…` of Twilio Verify answered.
 *
 * @throws {CountersignError} `invalid_request` for a file that is neither, or of which any service is at fault: then there is nothing to import. No message
 * repeats anything of it but a place.
 */
export async function readTwilioServices(path: string): Promise<TwilioServices> {
  const given = parseFile(await readText(path));
  const list = isObject(given) && Array.isArray(given.services) ? given.services : [given];
  const services = list.map((service, position) => toService(service, given === service ? 'the service' : `services[${position}]`));
  const twice = services.findIndex(({ sid }, position) => services.findIndex((other) => other.sid === sid) < position);
  if (twice >= 0) throw invalid(`services[${twice}] has a sid that an earlier one has`);
  const meta = isObject(given) && isObject(given.meta) ? given.meta : {};
  return { services, hasMore: typeof meta.next_page_url === 'string' };
}

async function readText(path: string): Promise<string> {
  try {
    const { size } = await stat(path);
    if (size <= MAX_BYTES) return await readFile(path, 'utf8');
  } catch {
    throw invalid('the file cannot be read');
  }
  throw invalid(`the file is larger than ${MAX_BYTES} bytes`);
}

function parseFile(text: string): unknown {
  try {
    // What some editors and PowerShell put in front of UTF-8.
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    throw invalid('the file is not JSON');
  }
}

function toService(service: unknown, place: string): TwilioService {
  if (!isObject(service)) throw invalid(`${place} is not what GET /v2/Services answers`);
  const { friendly_name: name, code_length: codeLength, psd2_enabled: psd2 = false, custom_code_enabled: customCodes = false } = service;
  // The door takes ids as they are kept.
  const sid = typeof service.sid === 'string' ? service.sid.replace(/^VA[0-9A-Fa-f]{32}$/, (id) => `VA${id.slice(2).toLowerCase()}`) : undefined;
  if (!isServiceId(sid)) throw invalid(`${place} has no sid of VA and 32 hex digits`);
  if (typeof name !== 'string') throw invalid(`${place} has no friendly_name`);
  if (typeof codeLength !== 'number') throw invalid(`${place} has no code_length`);
  if (typeof psd2 !== 'boolean' || typeof customCodes !== 'boolean')
    throw invalid(`${place} has a psd2_enabled or custom_code_enabled that is no flag`);
  const leftOut = NOT_OFFERED.filter(([path, unused]) => ![unused, null, undefined].includes(memberOf(service, path))).map(([, , what]) => what);
  // Theirs may begin or end with a blank, ours may not.
  return { sid, fields: { name: name.trim(), codeLength, psd2, customCodes, compatibility: 'twilio' }, leftOut };
}

function memberOf(service: object, path: string): unknown {
  return path.split('.').reduce<unknown>((value, name) => (isObject(value) ? value[name] : undefined), service);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(message: string): CountersignError {
  return new CountersignError('invalid_request', message, { field: 'file' });
}

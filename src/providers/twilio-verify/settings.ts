import { CODE_LENGTH } from '../../core/codes.ts';
import { isDuration, SECOND } from '../../core/duration.ts';
import { CountersignError } from '../../core/errors.ts';
import { findOptionFault } from './send-options.ts';

/** Ten seconds less than the 60 s after which a delivery that is still `sending` reads as `unknown`. */
const LONGEST_TIMEOUT = 50 * SECOND;

/** The settings before they are known to be any: they may come from a program without types. */
interface Untrusted {
  readonly accountSid?: unknown;
  readonly authToken?: unknown;
  readonly baseUrl?: unknown;
  readonly client?: { readonly verify?: { readonly v2?: { readonly services?: unknown } } } | null;
  readonly serviceSid?: unknown;
  readonly codeLength?: unknown;
  readonly timeout?: unknown;
  readonly defaults?: unknown;
  readonly onAnswer?: unknown;
}

type Fault = readonly [field: string, sentence: string];

/**
 * Ensures that the settings can work, as far as one can tell without asking Twilio.
 *
 * @throws {CountersignError} `configuration_invalid` with one message that names every setting at fault and none of their values.
 */
export function assertSettings(options: unknown): void {
  const settings: Untrusted = options ?? {};
  const faults = [...(settings.client === undefined ? findCredentialFaults(settings) : findClientFaults(settings)), ...findOtherFaults(settings)];
  const [first] = faults;
  if (first === undefined) return;
  throw new CountersignError('configuration_invalid', faults.map(([, sentence]) => sentence).join('; '), { field: first[0] });
}

function findCredentialFaults({ accountSid, authToken, baseUrl }: Untrusted): Fault[] {
  return [
    ...check('accountSid', isId(accountSid, 'AC'), 'must be AC and 32 hex digits'),
    ...check('authToken', typeof authToken === 'string' && /^[\x21-\x7e]+$/.test(authToken), 'must be a text without spaces'),
    ...check('baseUrl', baseUrl === undefined || isHttpUrl(baseUrl), 'must be an http or https URL without a path'),
  ];
}

function findClientFaults({ client }: Untrusted): Fault[] {
  return check('client', typeof client?.verify?.v2?.services === 'function', 'is not a client of the twilio package');
}

function findOtherFaults({ serviceSid, codeLength = 6, timeout = SECOND, defaults = {}, onAnswer }: Untrusted): Fault[] {
  const { min, max } = CODE_LENGTH;
  const hasLength = typeof codeLength === 'number' && Number.isSafeInteger(codeLength) && codeLength >= min && codeLength <= max;
  const defaultsFault = findOptionFault(defaults, 'defaults');
  return [
    ...check('serviceSid', isId(serviceSid, 'VA'), 'must be VA and 32 hex digits'),
    ...check('codeLength', hasLength, `must be a whole number from ${min} to ${max}`),
    ...check('timeout', isDuration(timeout) && timeout <= LONGEST_TIMEOUT, `must be a whole number of milliseconds, at most ${LONGEST_TIMEOUT}`),
    ...check('onAnswer', onAnswer === undefined || typeof onAnswer === 'function', 'must be a function'),
    ...(defaultsFault === undefined ? [] : [['defaults', defaultsFault] as const]),
  ];
}

function check(field: string, isRight: boolean, rule: string): Fault[] {
  return isRight ? [] : [[field, `\`${field}\` ${rule}`]];
}

function isId(value: unknown, prefix: string): boolean {
  return typeof value === 'string' && new RegExp(`^${prefix}[0-9a-fA-F]{32}$`).test(value);
}

function isHttpUrl(value: unknown): boolean {
  if (typeof value !== 'string' || !URL.canParse(value)) return false;
  const { protocol, pathname, username, search } = new URL(value);
  return /^https?:$/.test(protocol) && pathname === '/' && username === '' && search === '';
}

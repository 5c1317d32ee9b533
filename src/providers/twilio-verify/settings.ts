import { isDuration, SECOND } from '../../core/duration.ts';
import { CountersignError } from '../../core/errors.ts';
import { TWILIO_SETTINGS } from '../../core/twilio-settings.ts';
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
    ...checkTwilio('accountSid', accountSid),
    ...checkTwilio('authToken', authToken),
    ...(baseUrl === undefined ? [] : checkTwilio('baseUrl', baseUrl)),
  ];
}

function findClientFaults({ client }: Untrusted): Fault[] {
  return check('client', typeof client?.verify?.v2?.services === 'function', 'is not a client of the twilio package');
}

function findOtherFaults({ serviceSid, codeLength = 6, timeout = SECOND, defaults = {}, onAnswer }: Untrusted): Fault[] {
  const defaultsFault = findOptionFault(defaults, 'defaults');
  return [
    ...checkTwilio('serviceSid', serviceSid),
    ...checkTwilio('codeLength', codeLength),
    ...check('timeout', isDuration(timeout) && timeout <= LONGEST_TIMEOUT, `must be a whole number of milliseconds, at most ${LONGEST_TIMEOUT}`),
    ...check('onAnswer', onAnswer === undefined || typeof onAnswer === 'function', 'must be a function'),
    ...(defaultsFault === undefined ? [] : [['defaults', defaultsFault] as const]),
  ];
}

function checkTwilio(field: keyof typeof TWILIO_SETTINGS, value: unknown): Fault[] {
  const { isRight, rule } = TWILIO_SETTINGS[field];
  return check(field, isRight(value), rule);
}

function check(field: string, isRight: boolean, rule: string): Fault[] {
  return isRight ? [] : [[field, `\`${field}\` ${rule}`]];
}

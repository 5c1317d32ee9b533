import { CODE_LENGTH } from './codes.ts';

/** What a setting must be: whether a value can be one, and in words that never repeat the value. */
export interface SettingRule {
  isRight(value: unknown): boolean;
  readonly rule: string;
}

/** Settings of a Verify service at Twilio, as far as one can tell without asking there. */
export const TWILIO_SETTINGS: Readonly<Record<'accountSid' | 'authToken' | 'serviceSid' | 'baseUrl' | 'codeLength', SettingRule>> = {
  accountSid: toSid('AC'),
  // What a header can carry (RFC 7617 leaves the rest to chance).
  authToken: { isRight: (value) => typeof value === 'string' && /^[\x21-\x7e]+$/.test(value), rule: 'must be a text without spaces' },
  serviceSid: toSid('VA'),
  baseUrl: { isRight: isOrigin, rule: 'must be an http or https URL without a path' },
  codeLength: { isRight: isCodeLength, rule: `must be a whole number from ${CODE_LENGTH.min} to ${CODE_LENGTH.max}` },
};

function toSid(prefix: string): SettingRule {
  const pattern = new RegExp(`^${prefix}[0-9a-fA-F]{32}$`);
  return { isRight: (value) => typeof value === 'string' && pattern.test(value), rule: `must be ${prefix} and 32 hex digits` };
}

/** Ensure that nothing of it is dropped in silence: only the host is used, and a user, a password, a query or a fragment was meant to be. */
function isOrigin(value: unknown): boolean {
  if (typeof value !== 'string' || !URL.canParse(value)) return false;
  const { protocol, origin, href } = new URL(value);
  return /^https?:$/.test(protocol) && href === `${origin}/`;
}

function isCodeLength(value: unknown): boolean {
  const { min, max } = CODE_LENGTH;
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max;
}

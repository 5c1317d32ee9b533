import type { ServiceFields } from '../../engine/service-settings.ts';
import type { Fields } from './fields.ts';
import { invalidParameter } from './twilio-errors.ts';

/** What the engine calls the parameters of a service. */
export const SERVICE_NAMES = {
  name: 'FriendlyName',
  codeLength: 'CodeLength',
  psd2: 'Psd2Enabled',
  customCodes: 'CustomCodeEnabled',
  // Test numbers are set elsewhere; here their code is at fault where a length is asked for that it does not have.
  'test.code': 'CodeLength',
} as const;

/** As the parameter's text has it; the text of the field says 30. */
const MAX_NAME = 32;

/** Flags that may be said only as they are. */
const FIXED: Readonly<Record<string, boolean>> = {
  LookupEnabled: false,
  SkipSmsToLandlines: false,
  DoNotShareWarningEnabled: false,
  VerifyEventSubscriptionEnabled: false,
  DtmfInputRequired: true,
  'Push.IncludeDate': false,
};

/** What cannot be set here at all. */
const NOT_OFFERED = [
  'TtsName',
  'DefaultTemplateSid',
  'Totp.Issuer',
  'Totp.TimeStep',
  'Totp.CodeLength',
  'Totp.Skew',
  'Push.ApnCredentialSid',
  'Push.FcmCredentialSid',
  'Whatsapp.MsgServiceSid',
  'Whatsapp.From',
  'Passkeys.RelyingParty.Id',
  'Passkeys.RelyingParty.Name',
  'Passkeys.RelyingParty.Origins',
  'Passkeys.AuthenticatorAttachment',
  'Passkeys.DiscoverableCredentials',
  'Passkeys.UserVerification',
] as const;

/**
 * What is to be otherwise about a service. Ensure that nobody believes in a setting that does nothing here: it is refused by its name.
 *
 * @throws {TwilioError} 60200.
 */
export function readService(fields: Fields): Partial<ServiceFields> {
  for (const [name, value] of Object.entries(FIXED)) if ((fields.flag(name) ?? value) !== value) throw invalidParameter(name, 'is not offered here');
  for (const name of NOT_OFFERED) if (fields.text(name) !== undefined) throw invalidParameter(name, 'is not offered here');
  const given = {
    name: fields.upTo('FriendlyName', MAX_NAME),
    codeLength: fields.whole('CodeLength', 4, 10),
    psd2: fields.flag('Psd2Enabled'),
    customCodes: fields.flag('CustomCodeEnabled'),
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

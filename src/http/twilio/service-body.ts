import type { ServiceSettings } from '../../engine/service-settings.ts';
import { toDate } from './dates.ts';
import type { TwilioParts } from './twilio-parts.ts';

/** A service as Twilio shows one. What is not offered here is as on a service of theirs that does not use it. */
export function renderService(service: ServiceSettings, { publicUrl, accountSid }: Pick<TwilioParts, 'publicUrl' | 'accountSid'>): object {
  const url = `${publicUrl}/v2/Services/${service.id}`;
  return {
    sid: service.id,
    account_sid: accountSid,
    friendly_name: service.name,
    code_length: service.codeLength,
    lookup_enabled: false,
    psd2_enabled: service.psd2,
    skip_sms_to_landlines: false,
    dtmf_input_required: true,
    tts_name: null,
    do_not_share_warning_enabled: false,
    custom_code_enabled: service.customCodes,
    ...UNUSED,
    default_template_sid: null,
    verify_event_subscription_enabled: false,
    date_created: toDate(new Date(service.createdAt)),
    date_updated: toDate(new Date(service.updatedAt)),
    url,
    links: {
      verification_checks: `${url}/VerificationCheck`,
      verifications: `${url}/Verifications`,
      rate_limits: `${url}/RateLimits`,
      messaging_configurations: `${url}/MessagingConfigurations`,
      entities: `${url}/Entities`,
      webhooks: `${url}/Webhooks`,
      access_tokens: `${url}/AccessTokens`,
    },
  };
}

/** Objects that clients look into are there, with nothing in them. */
const UNUSED = {
  push: { include_date: false, apn_credential_sid: null, fcm_credential_sid: null },
  totp: { issuer: null, time_step: null, code_length: null, skew: null },
  whatsapp: { msg_service_sid: null, from: null },
  passkeys: {
    relying_party: { id: null, name: null, origins: null },
    authenticator_attachment: null,
    discoverable_credentials: null,
    user_verification: null,
  },
} as const;

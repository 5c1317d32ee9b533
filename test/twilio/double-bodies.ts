import type { TwilioVerification } from './double-verifications.ts';

/** Whose everything is, and where it is served. */
export interface TwilioPlace {
  readonly baseUrl: string;
  readonly accountSid: string;
  readonly serviceSid: string;
}

/** A body, before anything is done to it. */
export type Body = Readonly<Record<string, unknown>>;

/** What creates, fetches and updates answer. */
export function verificationBody(one: TwilioVerification, place: TwilioPlace): Body {
  return {
    ...commonFields(one, place),
    lookup: { carrier: null },
    send_code_attempts: one.sends.map(({ sid, channel, at }) => ({ time: toDate(at), channel, attempt_sid: sid })),
    sna: null,
    url: `${place.baseUrl}/v2/Services/${place.serviceSid}/Verifications/${one.sid}`,
  };
}

/** What a check answers: less, and one field of its own. */
export function checkBody(one: TwilioVerification, place: TwilioPlace): Body {
  return { ...commonFields(one, place), sna_attempts_error_codes: null };
}

/** What can be said about a service; the rest of it is as Twilio makes them. */
export interface ServiceFacts {
  readonly codeLength: number;
  readonly customCodes: boolean;
  /** When it was made. */
  readonly at: number;
}

/** What Twilio says about a service. */
export function serviceBody(place: TwilioPlace, { codeLength, customCodes, at }: ServiceFacts): Body {
  const url = `${place.baseUrl}/v2/Services/${place.serviceSid}`;
  return {
    sid: place.serviceSid,
    account_sid: place.accountSid,
    friendly_name: 'Countersign test',
    code_length: codeLength,
    lookup_enabled: false,
    psd2_enabled: false,
    skip_sms_to_landlines: false,
    dtmf_input_required: true,
    tts_name: null,
    do_not_share_warning_enabled: false,
    custom_code_enabled: customCodes,
    push: { include_date: false, apn_credential_sid: null, fcm_credential_sid: null },
    totp: { issuer: null, time_step: null, code_length: null, skew: null },
    default_template_sid: null,
    whatsapp: { msg_service_sid: null, from: null },
    passkeys: {
      relying_party: { id: null, name: null, origins: null },
      authenticator_attachment: null,
      discoverable_credentials: null,
      user_verification: null,
    },
    verify_event_subscription_enabled: false,
    date_created: toDate(at),
    date_updated: toDate(at),
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

function commonFields(one: TwilioVerification, { accountSid, serviceSid }: TwilioPlace): Body {
  return {
    sid: one.sid,
    service_sid: serviceSid,
    account_sid: accountSid,
    to: one.to,
    channel: one.channel,
    status: one.status,
    valid: one.status === 'approved',
    amount: one.amount,
    payee: one.payee,
    date_created: toDate(one.createdAt),
    date_updated: toDate(one.updatedAt),
  };
}

/** In whole seconds, as the live API writes them. */
function toDate(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`;
}

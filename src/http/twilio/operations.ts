import { ATTEMPT_OPERATIONS } from './attempts.ts';
import { BUCKET_OPERATIONS } from './buckets.ts';
import { RATE_LIMIT_OPERATIONS } from './rate-limits.ts';
import { SERVICE_OPERATIONS } from './services.ts';
import type { TwilioOperation } from './twilio-operation.ts';
import { VERIFICATION_CHECK_OPERATIONS } from './verification-check.ts';
import { VERIFICATION_OPERATIONS } from './verifications.ts';

/** Every operation of Twilio's document that is offered here. */
export const TWILIO_OPERATIONS: readonly TwilioOperation[] = [
  ...SERVICE_OPERATIONS,
  ...VERIFICATION_OPERATIONS,
  ...VERIFICATION_CHECK_OPERATIONS,
  ...RATE_LIMIT_OPERATIONS,
  ...BUCKET_OPERATIONS,
  ...ATTEMPT_OPERATIONS,
];

/**
 * The paths of Twilio's document that are not: each answers that it is not offered here, whatever the verb, and pretends nothing. What moves up into the list
 * above leaves this one.
 */
export const NOT_OFFERED_PATHS: readonly string[] = [
  '/Forms/{FormType}',
  '/SafeList/Numbers',
  '/SafeList/Numbers/{PhoneNumber}',
  '/Services/{ServiceSid}/AccessTokens',
  '/Services/{ServiceSid}/AccessTokens/{Sid}',
  '/Services/{ServiceSid}/Entities',
  '/Services/{ServiceSid}/Entities/{Identity}',
  '/Services/{ServiceSid}/Entities/{Identity}/Challenges',
  '/Services/{ServiceSid}/Entities/{Identity}/Challenges/{ChallengeSid}/Notifications',
  '/Services/{ServiceSid}/Entities/{Identity}/Challenges/{Sid}',
  '/Services/{ServiceSid}/Entities/{Identity}/Factors',
  '/Services/{ServiceSid}/Entities/{Identity}/Factors/{Sid}',
  '/Services/{ServiceSid}/MessagingConfigurations',
  '/Services/{ServiceSid}/MessagingConfigurations/{Country}',
  '/Services/{ServiceSid}/Passkeys/ApproveChallenge',
  '/Services/{ServiceSid}/Passkeys/Challenges',
  '/Services/{ServiceSid}/Passkeys/Factors',
  '/Services/{ServiceSid}/Passkeys/VerifyFactor',
  '/Services/{ServiceSid}/Webhooks',
  '/Services/{ServiceSid}/Webhooks/{Sid}',
  '/Templates',
];

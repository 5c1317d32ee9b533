/**
 * What Twilio documents that Verify may answer, with the HTTP status of its error dictionary. Where it publishes no status, 400 stands in (and
 * 409, 429, 403 and 405 where a sibling has one); the messages beyond the first block are titles of the dictionary, not recorded answers.
 */
const ERRORS: Readonly<Record<number, readonly [status: number, message: string]>> = {
  20003: [401, 'Authenticate'],
  20004: [405, 'Method not allowed'],
  20403: [403, 'Forbidden'],
  20404: [404, 'The requested resource was not found'],
  20429: [429, 'Too many requests'],
  20500: [500, 'Internal Server Error'],
  20503: [503, 'Service Unavailable'],
  25109: [429, 'Verify request rate exceeded'],
  60200: [400, 'Invalid parameter'],
  60202: [429, 'Max check attempts reached'],
  60203: [429, 'Max send attempts reached'],
  60212: [429, 'Too many concurrent requests for phone number'],
  60221: [400, 'Missing required To or VerificationSid'],

  21211: [400, "Invalid 'To' Phone Number"],
  21614: [400, "'To' number is not a valid mobile number"],
  60006: [400, 'Phone number is invalid at the provider'],
  60204: [403, 'Service does not support this feature'],
  60205: [403, 'SMS is not supported by landline phone number'],
  60206: [400, 'Amount and Payee are required'],
  60214: [400, 'Call channel is not supported with PSD2'],
  60215: [400, 'Email channel is not configured'],
  60217: [400, 'No email mailer is configured'],
  60218: [400, 'Email mailer is not valid'],
  60219: [400, 'Email template is not valid'],
  60220: [400, 'Use case vetting is required to send to China'],
  60222: [403, 'From address is not verified'],
  60223: [400, 'Delivery channel is disabled'],
  60224: [400, 'Template substitutions are missing'],
  60226: [400, 'Friendly name is required to send to China'],
  60228: [400, 'Template was not found'],
  60238: [400, 'Verification creation is blocked'],
  60243: [400, 'Custom messages are not supported'],
  60410: [403, 'Verification delivery attempt blocked'],
  60412: [403, 'Fraudulent sign-up blocked'],
  60413: [403, 'Blocked by device intelligence'],
  60550: [400, 'No channel was found for auto'],
  60602: [400, 'App hash is supported by SMS only'],
  60603: [401, 'Email provider has no credit'],
  60604: [401, 'Email provider refused the credentials'],
  60605: [403, 'Verification delivery attempt blocked by geo permissions'],
  30450: [403, 'Message delivery blocked'],
};

/** The body of every error, as Twilio's SDKs read it. */
export interface TwilioErrorBody {
  readonly code: number;
  readonly message: string;
  readonly more_info: string;
  readonly status: number;
}

/** What the double answers instead of what was asked for. */
export class TwilioError extends Error {
  override readonly name = 'TwilioError';
  readonly body: TwilioErrorBody;

  /** @throws TypeError for a code that is not in the list above. */
  constructor(code: number, message?: string) {
    const [status, title] = ERRORS[code] ?? [];
    if (status === undefined || title === undefined) throw new TypeError(`${code} is no error of Verify that this double knows`);
    super(message ?? title);
    this.body = { code, message: this.message, more_info: `https://www.twilio.com/docs/errors/${code}`, status };
  }
}

/**
 * Names the parameter and repeats its value, as the live API does: so an error may hold a number or a guess, and whoever logs it leaks them.
 * Without a value, it is the form of Twilio's error page.
 */
export function invalidParameter(name: string, value: string | undefined): TwilioError {
  return new TwilioError(60200, value ? `Invalid parameter \`${name}\`: ${value}` : `Invalid parameter: ${name}`);
}

import { checkSmtp } from './check-smtp.ts';
import { listSenderNames, UNREAL_SENDERS } from './create-senders.ts';
import type { Finding } from './finding.ts';
import type { Settings } from './settings.ts';

/** How long one question may take, in milliseconds. */
const TIMEOUT = 10_000;

/**
 * Asks each provider and sender that can be asked without sending anything whether it takes the credentials. Never rejects. No answer of theirs is repeated.
 */
export function checkCredentials(settings: Settings): Promise<readonly Finding[]> {
  if (settings.provider === 'twilio_verify') return Promise.all([checkVerify(settings)]);
  return Promise.all(listSenderNames(settings).map((name) => checkSender(name, settings)));
}

function checkSender(name: string, settings: Settings): Promise<Finding> | Finding {
  if (name === 'twilio_messaging') return checkMessaging(settings);
  if (name === 'vonage') return checkVonage(settings);
  if (name === 'smtp') return checkSmtp(settings, TIMEOUT);
  const text = UNREAL_SENDERS.includes(name) ? 'it reaches nobody' : 'a gateway cannot be asked without sending: send yourself a message';
  return { name, status: 'unknown', text };
}

/** https://www.twilio.com/docs/verify/api/service#fetch-a-service */
function checkVerify({ twilio }: Settings): Promise<Finding> {
  const { accountSid = '', authToken = '', serviceSid = '', baseUrl = 'https://verify.twilio.com' } = twilio;
  return askHttp('twilio_verify', `${baseUrl}/v2/Services/${serviceSid}`, accountSid, authToken);
}

/** https://www.twilio.com/docs/iam/api/account#fetch-an-account-resource */
function checkMessaging({ twilio }: Settings): Promise<Finding> {
  const { accountSid = '', authToken = '', messagingBaseUrl = 'https://api.twilio.com' } = twilio;
  return askHttp('twilio_messaging', `${messagingBaseUrl}/2010-04-01/Accounts/${accountSid}.json`, accountSid, authToken);
}

/** https://developer.vonage.com/en/api/account#getAccountBalance */
function checkVonage({ vonage }: Settings): Promise<Finding> {
  const { apiKey = '', apiSecret = '', baseUrl = 'https://rest.nexmo.com' } = vonage;
  return askHttp('vonage', `${baseUrl}/account/get-balance`, apiKey, apiSecret);
}

async function askHttp(name: string, url: string, user: string, password: string): Promise<Finding> {
  const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  try {
    const { status, body } = await fetch(url, { headers: { authorization }, redirect: 'manual', signal: AbortSignal.timeout(TIMEOUT) });
    await body?.cancel();
    if (status === 200) return { name, status: 'ok', text: 'it takes the credentials' };
    if (status === 401 || status === 403)
      return { name, status: 'fault', text: `it refuses the credentials (${status}): compare them with its console` };
    if (status === 404) return { name, status: 'fault', text: 'it does not know the account or service (404): compare the ids with its console' };
    return { name, status: 'unknown', text: `it answered ${status}: try again later` };
  } catch {
    return { name, status: 'fault', text: 'it cannot be reached from here: look at DNS, firewall and proxy' };
  }
}

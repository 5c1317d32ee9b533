import { countryOfMasked, isCallingPrefix, ownCallingCode } from '../../core/calling-code.ts';
import { parseDestination } from '../../core/destination.ts';
import { SECOND } from '../../core/duration.ts';
import { CountersignError } from '../../core/errors.ts';
import type { Attempt, AttemptsPage, AttemptsQuery } from '../../engine/attempts.ts';
import { toDate } from './dates.ts';
import type { Fields } from './fields.ts';
import { readPage, renderPage } from './paging.ts';
import { invalidParameter, notFound, TwilioError } from './twilio-errors.ts';
import type { TwilioCall, TwilioOperation } from './twilio-operation.ts';
import type { TwilioParts } from './twilio-parts.ts';

/** What the engine calls the parameters. */
const NAMES = { to: 'ChannelData.To', from: 'DateCreatedAfter' } as const;

const CHANNELS = ['sms', 'call', 'email', 'whatsapp', 'rbm'] as const;

/** The filters of a list, which stay in its links. */
const FILTERS = [
  'DateCreatedAfter',
  'DateCreatedBefore',
  'ChannelData.To',
  'Country',
  'Channel',
  'VerifyServiceSid',
  'VerificationSid',
  'Status',
] as const;

const list: TwilioOperation = {
  id: 'ListVerificationAttempt',
  method: 'GET',
  path: '/Attempts',
  scope: 'read',
  names: NAMES,
  async handle(call) {
    const { parts, fields } = call;
    const status = fields.oneOf('Status', ['converted', 'unconverted']);
    const to = fields.text('ChannelData.To');
    const query = {
      ...readQuery(call),
      verificationId: readVerificationSid(fields),
      to: to === undefined ? undefined : parseDestination(to),
      isConverted: status === undefined ? undefined : status === 'converted',
    };
    const request = readPage(fields, () => true);
    const page = await onPage(parts.attempts.list({ ...query, cursor: request.token, limit: request.size }));
    const bodies = page.items.map((attempt) => renderAttempt(attempt, parts));
    const filters = Object.fromEntries(FILTERS.map((name) => [name, fields.text(name)]));
    const url = `${parts.publicUrl}/v2/Attempts`;
    return { status: 200, body: renderPage({ key: 'attempts', items: bodies, request, next: page.cursor, url, filters }) };
  },
};

const fetch: TwilioOperation = {
  id: 'FetchVerificationAttempt',
  method: 'GET',
  path: '/Attempts/{Sid}',
  scope: 'read',
  async handle({ parts, params, key }) {
    const sid = params.Sid ?? '';
    const isSid = /^VL[0-9a-f]{32}$/.test(sid);
    const of = { isShown: createIsShown(parts), service: key.service ?? undefined };
    const attempt = isSid ? await parts.attempts.get(sid, of, parts.now()) : undefined;
    if (attempt === undefined) throw notFound();
    return { status: 200, body: renderAttempt(attempt, parts) };
  },
};

const summary: TwilioOperation = {
  id: 'FetchVerificationAttemptsSummary',
  method: 'GET',
  path: '/Attempts/Summary',
  scope: 'read',
  names: NAMES,
  async handle(call) {
    const { parts, fields } = call;
    const query = readQuery(call);
    const [country, prefix = country] = [query.callingPrefix, readPrefix(fields)];
    // Where both are given the country is the narrower, or there is nothing in both.
    const isNone = country !== undefined && prefix !== undefined && !country.startsWith(prefix);
    const asked = { ...query, callingPrefix: country ?? prefix };
    const { total, converted } = isNone ? { total: 0, converted: 0 } : await parts.attempts.summarize(asked);
    const body = {
      total_attempts: total,
      total_converted: converted,
      total_unconverted: total - converted,
      conversion_rate_percentage: total === 0 ? '0' : String(Number(((converted / total) * 100).toFixed(9))),
      url: `${parts.publicUrl}/v2/Attempts/Summary`,
    };
    return { status: 200, body };
  },
};

/** Messages, and whether their codes came back. */
export const ATTEMPT_OPERATIONS: readonly TwilioOperation[] = [list, summary, fetch];

/** What list and summary can both be asked for. Both times count themselves, in whole seconds as they are shown. */
function readQuery({ parts, fields, key }: TwilioCall): AttemptsQuery {
  const service = fields.text('VerifyServiceSid');
  if (service !== undefined && !/^VA[0-9a-fA-F]{32}$/.test(service)) throw invalidParameter('VerifyServiceSid');
  const [after, before] = [fields.time('DateCreatedAfter'), fields.time('DateCreatedBefore')];
  const isShown = createIsShown(parts);
  return {
    // A key of one service finds nothing of another, and is not told that there is any.
    isShown: async (id) => (key.service === null || key.service === id) && (await isShown(id)),
    service: service ?? key.service ?? undefined,
    channel: fields.oneOf('Channel', CHANNELS),
    callingPrefix: readCountry(fields),
    from: after === undefined ? undefined : toWholeSeconds(after),
    until: before === undefined ? undefined : toWholeSeconds(before) + SECOND,
  };
}

/** Services that are not made for this door are not seen through it, nor are those that are gone. */
function createIsShown({ tenants }: TwilioParts): AttemptsQuery['isShown'] {
  return async (id) => (await tenants.getService(id))?.compatibility === 'twilio';
}

function readVerificationSid(fields: Fields): string | undefined {
  const sid = fields.text('VerificationSid');
  if (sid !== undefined && !/^VE[0-9a-fA-F]{32}$/.test(sid)) throw invalidParameter('VerificationSid');
  return sid?.replace(/^VE.*/, (id) => `VE${id.slice(2).toLowerCase()}`);
}

/** Ensure that nobody takes all numbers of a calling code for those of one country: what is kept of a number tells no more than its code. */
function readCountry(fields: Fields): string | undefined {
  const country = fields.text('Country');
  if (country === undefined) return undefined;
  const code = ownCallingCode(country.toUpperCase());
  if (code === undefined) throw invalidParameter('Country', 'must be a country that shares its calling code with no other');
  return code;
}

function readPrefix(fields: Fields): string | undefined {
  const prefix = fields.text('DestinationPrefix');
  if (prefix === undefined) return undefined;
  const digits = /^\+?([1-9]\d{0,2})$/.exec(prefix)?.[1];
  if (digits === undefined || !isCallingPrefix(digits))
    throw invalidParameter('DestinationPrefix', 'may be a calling code: of a number no more is kept');
  return digits;
}

function toWholeSeconds(time: number): number {
  return Math.floor(time / SECOND) * SECOND;
}

async function onPage(page: Promise<AttemptsPage>): Promise<AttemptsPage> {
  try {
    return await page;
  } catch (error) {
    throw error instanceof CountersignError && error.field === 'cursor' ? new TwilioError(21481) : error;
  }
}

/** Of what Twilio tells of an attempt and nobody knows here the members are there, with nothing in them. */
function renderAttempt(attempt: Attempt, { publicUrl, accountSid }: TwilioParts): object {
  const { id, service, verificationId, channel, to, sentAt, settledAt, isConverted } = attempt;
  return {
    sid: id,
    account_sid: accountSid,
    service_sid: service,
    verification_sid: verificationId,
    date_created: toDate(new Date(sentAt)),
    date_updated: toDate(new Date(settledAt)),
    conversion_status: isConverted ? 'converted' : 'unconverted',
    channel,
    price: null,
    channel_data: {
      verification_sid: verificationId,
      to,
      status: isConverted ? 'confirmed' : 'unconfirmed',
      [channel === 'call' ? 'call_status' : 'message_status']: toCarrierStatus(attempt),
      error_code: null,
      country: countryOfMasked(to) ?? null,
      code_length: null,
      locale: null,
      mcc: null,
      mnc: null,
      carrier: null,
    },
    url: `${publicUrl}/v2/Attempts/${id}`,
  };
}

/** What is known is what the way out said when it took the message: whether it arrived nobody tells. */
function toCarrierStatus({ channel, state }: Attempt): string | null {
  if (state === 'unknown') return null;
  if (state === 'refused') return 'failed';
  return channel === 'call' ? 'queued' : 'sent';
}

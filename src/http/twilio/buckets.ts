import { isSendBucketId } from '../../core/tenant-ids.ts';
import type { SendLimitOutcome } from '../../engine/send-limit-acts.ts';
import type { SendBucket, SendBucketFields } from '../../engine/send-limit-record.ts';
import { toDate } from './dates.ts';
import type { Fields } from './fields.ts';
import { pageOf, readPage, renderPage } from './paging.ts';
import { findRateLimit } from './rate-limits.ts';
import { notFound, TwilioError } from './twilio-errors.ts';
import { findService, type TwilioOperation } from './twilio-operation.ts';
import type { TwilioParts } from './twilio-parts.ts';

/** Of Twilio no bounds are known. A year is longer than any window that limits anything. */
const MAX = 1_000_000;
const MAX_INTERVAL = 31_536_000;

/** Where a bucket is. */
interface BucketPlace {
  readonly service: string;
  readonly limit: string;
}

const create: TwilioOperation = {
  id: 'CreateBucket',
  method: 'POST',
  path: '/Services/{ServiceSid}/RateLimits/{RateLimitSid}/Buckets',
  scope: 'admin',
  async handle(call) {
    const { parts, params, fields, key } = call;
    const { id: service } = await findService(call, params.ServiceSid);
    const limit = params.RateLimitSid ?? '';
    fields.required('Max');
    fields.required('Interval');
    const { max = 0, intervalSeconds = 0 } = readBucket(fields);
    const made = bucketOf(await parts.sendRates.createBucket(service, limit, { max, intervalSeconds }, { by: key.id }));
    return { status: 201, body: renderBucket(made, { service, limit }, parts) };
  },
};

const list: TwilioOperation = {
  id: 'ListBucket',
  method: 'GET',
  path: '/Services/{ServiceSid}/RateLimits/{RateLimitSid}/Buckets',
  scope: 'read',
  async handle(call) {
    const { parts, params, fields } = call;
    const { service, limit } = await findRateLimit(call, params.RateLimitSid);
    const place = { service, limit: limit.id };
    const request = readPage(fields, isSendBucketId);
    const { items, next } = pageOf(limit.buckets, request);
    const bodies = items.map((bucket) => renderBucket(bucket, place, parts));
    return { status: 200, body: renderPage({ key: 'buckets', items: bodies, request, next, url: toUrl(place, parts) }) };
  },
};

const fetch: TwilioOperation = {
  id: 'FetchBucket',
  method: 'GET',
  path: '/Services/{ServiceSid}/RateLimits/{RateLimitSid}/Buckets/{Sid}',
  scope: 'read',
  async handle(call) {
    const { service, limit } = await findRateLimit(call, call.params.RateLimitSid);
    const bucket = bucketOf(limit.buckets.find(({ id }) => id === call.params.Sid));
    return { status: 200, body: renderBucket(bucket, { service, limit: limit.id }, call.parts) };
  },
};

const update: TwilioOperation = {
  id: 'UpdateBucket',
  method: 'POST',
  path: '/Services/{ServiceSid}/RateLimits/{RateLimitSid}/Buckets/{Sid}',
  scope: 'admin',
  async handle(call) {
    const { parts, params, fields, key } = call;
    const { id: service } = await findService(call, params.ServiceSid);
    const limit = params.RateLimitSid ?? '';
    const changed = bucketOf(await parts.sendRates.updateBucket(service, limit, params.Sid ?? '', readBucket(fields), { by: key.id }));
    return { status: 200, body: renderBucket(changed, { service, limit }, parts) };
  },
};

const remove: TwilioOperation = {
  id: 'DeleteBucket',
  method: 'DELETE',
  path: '/Services/{ServiceSid}/RateLimits/{RateLimitSid}/Buckets/{Sid}',
  scope: 'admin',
  async handle(call) {
    const { parts, params, key } = call;
    const { id: service } = await findService(call, params.ServiceSid);
    if (!(await parts.sendRates.removeBucket(service, params.RateLimitSid ?? '', params.Sid ?? '', { by: key.id }))) throw notFound();
    return { status: 204 };
  },
};

/** How often: each bucket of a rate limit so many creates in so many seconds. */
export const BUCKET_OPERATIONS: readonly TwilioOperation[] = [create, list, fetch, update, remove];

function readBucket(fields: Fields): Partial<SendBucketFields> {
  const [max, intervalSeconds] = [fields.whole('Max', 1, MAX), fields.whole('Interval', 1, MAX_INTERVAL)];
  return { ...(max !== undefined && { max }), ...(intervalSeconds !== undefined && { intervalSeconds }) };
}

/** @throws {TwilioError} where an act was not done. */
function bucketOf(outcome: SendLimitOutcome<SendBucket>): SendBucket {
  if (outcome === undefined) throw notFound();
  if (typeof outcome === 'string') throw new TwilioError(outcome === 'taken' ? 60211 : 60210);
  return outcome;
}

function renderBucket({ id, max, intervalSeconds, createdAt, updatedAt }: SendBucket, place: BucketPlace, parts: TwilioParts): object {
  return {
    sid: id,
    rate_limit_sid: place.limit,
    service_sid: place.service,
    account_sid: parts.accountSid,
    max,
    interval: intervalSeconds,
    date_created: toDate(new Date(createdAt)),
    date_updated: toDate(new Date(updatedAt)),
    url: `${toUrl(place, parts)}/${id}`,
  };
}

function toUrl({ service, limit }: BucketPlace, { publicUrl }: TwilioParts): string {
  return `${publicUrl}/v2/Services/${service}/RateLimits/${limit}/Buckets`;
}

import { isSendLimitId } from '../../core/tenant-ids.ts';
import type { SendLimit } from '../../engine/send-limit-record.ts';
import { toDate } from './dates.ts';
import { pageOf, readPage, renderPage } from './paging.ts';
import { invalidParameter, notFound, TwilioError } from './twilio-errors.ts';
import { findService, type TwilioCall, type TwilioOperation } from './twilio-operation.ts';
import type { TwilioParts } from './twilio-parts.ts';

/** Of Twilio no bounds are known. These keep the record of a service small. */
const MAX_NAME = 64;
const MAX_DESCRIPTION = 256;

const create: TwilioOperation = {
  id: 'CreateRateLimit',
  method: 'POST',
  path: '/Services/{ServiceSid}/RateLimits',
  scope: 'admin',
  async handle(call) {
    const { parts, params, fields, key } = call;
    const { id: service } = await findService(call, params.ServiceSid);
    const uniqueName = fields.required('UniqueName');
    if (!/^[A-Za-z0-9._-]+$/.test(uniqueName)) throw new TwilioError(60209);
    if (uniqueName.length > MAX_NAME) throw invalidParameter('UniqueName', `must have at most ${MAX_NAME} characters`);
    const description = fields.upTo('Description', MAX_DESCRIPTION);
    const made = await parts.sendRates.create(service, { uniqueName, description }, { by: key.id });
    if (typeof made === 'string') throw new TwilioError(made === 'taken' ? 60208 : 60207);
    return { status: 201, body: renderRateLimit(made, service, parts) };
  },
};

const list: TwilioOperation = {
  id: 'ListRateLimit',
  method: 'GET',
  path: '/Services/{ServiceSid}/RateLimits',
  scope: 'read',
  async handle(call) {
    const { parts, params, fields } = call;
    const { id: service } = await findService(call, params.ServiceSid);
    const request = readPage(fields, isSendLimitId);
    const { items, next } = pageOf(await parts.sendRates.list(service), request);
    const bodies = items.map((limit) => renderRateLimit(limit, service, parts));
    return { status: 200, body: renderPage({ key: 'rate_limits', items: bodies, request, next, url: toUrl(service, parts) }) };
  },
};

const fetch: TwilioOperation = {
  id: 'FetchRateLimit',
  method: 'GET',
  path: '/Services/{ServiceSid}/RateLimits/{Sid}',
  scope: 'read',
  async handle(call) {
    const { service, limit } = await findRateLimit(call, call.params.Sid);
    return { status: 200, body: renderRateLimit(limit, service, call.parts) };
  },
};

const update: TwilioOperation = {
  id: 'UpdateRateLimit',
  method: 'POST',
  path: '/Services/{ServiceSid}/RateLimits/{Sid}',
  scope: 'admin',
  async handle(call) {
    const { parts, fields, key } = call;
    const { service, limit } = await findRateLimit(call, call.params.Sid);
    const description = fields.upTo('Description', MAX_DESCRIPTION);
    const changed = description === undefined ? limit : await parts.sendRates.update(service, limit.id, { description }, { by: key.id });
    if (changed === undefined) throw notFound();
    return { status: 200, body: renderRateLimit(changed, service, parts) };
  },
};

const remove: TwilioOperation = {
  id: 'DeleteRateLimit',
  method: 'DELETE',
  path: '/Services/{ServiceSid}/RateLimits/{Sid}',
  scope: 'admin',
  async handle(call) {
    const { parts, params, key } = call;
    const { id: service } = await findService(call, params.ServiceSid);
    if (!(await parts.sendRates.remove(service, params.Sid ?? '', { by: key.id }))) throw notFound();
    return { status: 204 };
  },
};

/** How often a value that creates bring may come again: what is limited, without how often. */
export const RATE_LIMIT_OPERATIONS: readonly TwilioOperation[] = [create, list, fetch, update, remove];

/** The rate limit that a path names. @throws {TwilioError} 20404. */
export async function findRateLimit(call: TwilioCall, sid: string | undefined): Promise<{ readonly service: string; readonly limit: SendLimit }> {
  const { id: service } = await findService(call, call.params.ServiceSid);
  const limit = (await call.parts.sendRates.list(service)).find(({ id }) => id === sid);
  if (limit === undefined) throw notFound();
  return { service, limit };
}

function renderRateLimit({ id, uniqueName, description, createdAt, updatedAt }: SendLimit, service: string, parts: TwilioParts): object {
  const url = `${toUrl(service, parts)}/${id}`;
  return {
    sid: id,
    service_sid: service,
    account_sid: parts.accountSid,
    unique_name: uniqueName,
    description: description ?? null,
    date_created: toDate(new Date(createdAt)),
    date_updated: toDate(new Date(updatedAt)),
    url,
    links: { buckets: `${url}/Buckets` },
  };
}

function toUrl(service: string, { publicUrl }: TwilioParts): string {
  return `${publicUrl}/v2/Services/${service}/RateLimits`;
}

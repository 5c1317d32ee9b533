import { isServiceId } from '../../core/tenant-ids.ts';
import type { ServiceSettings } from '../../engine/service-settings.ts';
import type { Tenants } from '../../engine/tenants.ts';
import { type PageRequest, readPage, renderPage } from './paging.ts';
import { renderService } from './service-body.ts';
import { readService, SERVICE_NAMES } from './service-params.ts';
import { notFound } from './twilio-errors.ts';
import { findService, type TwilioCall, type TwilioOperation } from './twilio-operation.ts';

const create: TwilioOperation = {
  id: 'CreateService',
  method: 'POST',
  path: '/Services',
  scope: 'admin',
  isOperators: true,
  names: SERVICE_NAMES,
  async handle({ parts, fields, key }) {
    fields.required('FriendlyName');
    const service = await parts.tenants.createService({ ...readService(fields), compatibility: 'twilio' }, { by: key.id });
    return { status: 201, body: renderService(service, parts) };
  },
};

const list: TwilioOperation = {
  id: 'ListService',
  method: 'GET',
  path: '/Services',
  scope: 'read',
  async handle(call) {
    const { parts, fields } = call;
    const request = readPage(fields, isServiceId);
    const { items, next } = await listOffered(call, request);
    const url = `${parts.publicUrl}/v2/Services`;
    const bodies = items.map((service) => renderService(service, parts));
    return { status: 200, body: renderPage({ key: 'services', items: bodies, request, next, url }) };
  },
};

const fetch: TwilioOperation = {
  id: 'FetchService',
  method: 'GET',
  path: '/Services/{Sid}',
  scope: 'read',
  async handle(call) {
    return { status: 200, body: renderService(await findService(call, call.params.Sid), call.parts) };
  },
};

const update: TwilioOperation = {
  id: 'UpdateService',
  method: 'POST',
  path: '/Services/{Sid}',
  scope: 'admin',
  names: SERVICE_NAMES,
  async handle(call) {
    const { parts, fields, key } = call;
    const { id } = await findService(call, call.params.Sid);
    const service = await parts.tenants.updateService(id, readService(fields), { by: key.id });
    if (service === undefined) throw notFound();
    return { status: 200, body: renderService(service, parts) };
  },
};

const remove: TwilioOperation = {
  id: 'DeleteService',
  method: 'DELETE',
  path: '/Services/{Sid}',
  scope: 'admin',
  isOperators: true,
  async handle(call) {
    const { id } = await findService(call, call.params.Sid);
    if (!(await call.parts.tenants.deleteService(id, { by: call.key.id }))) throw notFound();
    return { status: 204 };
  },
};

/** Services that are reached through this door. */
export const SERVICE_OPERATIONS: readonly TwilioOperation[] = [create, list, fetch, update, remove];

/** Goes on until a page is full: services of another kind take no place on it. A key of one service sees that one. */
async function listOffered({ parts, key }: TwilioCall, { size, token }: PageRequest): Promise<Awaited<ReturnType<Tenants['listServices']>>> {
  const isOffered = ({ id, compatibility }: ServiceSettings) => compatibility === 'twilio' && (token === undefined || id > token);
  if (key.service !== null) {
    const own = await parts.tenants.getService(key.service);
    return { items: own !== undefined && isOffered(own) ? [own] : [] };
  }
  const items: ServiceSettings[] = [];
  for (let after = token; ; ) {
    const page = await parts.tenants.listServices(after, size);
    for (const service of page.items.filter(isOffered)) {
      if (items.length === size) return { items, next: items.at(-1)?.id ?? '' };
      items.push(service);
    }
    after = page.next;
    if (after === undefined) return { items };
  }
}

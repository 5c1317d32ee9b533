import { Type } from 'typebox';
import { CountersignError } from '../../core/errors.ts';
import { type Operation, operation } from '../operation.ts';
import { pageOf, SettledDelivery } from '../schemas.ts';
import { DEFAULT_LIMIT, LIMIT, SERVICE } from './inputs.ts';

const Query = Type.Object(
  {
    service: SERVICE,
    to: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 320,
        description: 'The exact destination. It is then part of the address of the request, which proxies in front may log. Write a plus as `%2B`.',
      }),
    ),
    from: Type.Optional(Type.String({ maxLength: 40, description: 'ISO 8601: settled at this time or later.' })),
    until: Type.Optional(Type.String({ maxLength: 40, description: 'ISO 8601: settled before this time.' })),
    cursor: Type.Optional(Type.String({ maxLength: 512, description: 'As an earlier page gave it.' })),
    limit: LIMIT,
  },
  { additionalProperties: false },
);

const list: Operation = operation({
  id: 'listDeliveries',
  method: 'GET',
  path: '/v1/deliveries',
  tag: 'Deliveries',
  scope: 'read',
  summary: 'List messages and what became of them',
  description:
    'Of the last 30 days, in the order in which they were settled. A key for all services names a `service`, or a destination and gets what every service sent there. A page may be shorter than `limit`; there is more as long as there is a `cursor`.',
  query: Query,
  responses: {
    200: {
      description: 'A page.',
      schema: pageOf(SettledDelivery, 'cursor'),
      example: {
        items: [
          {
            id: 'VL0123456789abcdef0123456789abcdef',
            verificationId: 'VE0123456789abcdef0123456789abcdef',
            service: 'VA0123456789abcdef0123456789abcdef',
            purpose: 'login',
            channel: 'sms',
            to: '+1********71',
            status: 'sent',
            sentAt: '2026-01-31T12:00:00.000Z',
            settledAt: '2026-01-31T12:00:00.400Z',
          },
        ],
      },
    },
  },
  problems: [404, 503],
  async handle(call) {
    const { service: given, limit = DEFAULT_LIMIT, ...query } = call.query;
    const isForAll = call.key.service === null && given === undefined;
    if (isForAll && query.to === undefined) throw new CountersignError('invalid_request', 'give `service` or `to`', { field: 'service' });
    const service = isForAll ? undefined : (await call.service()).id;
    return { status: 200, body: await call.parts.deliveries.list({ ...query, service, limit }) };
  },
});

/** What support asks. */
export const DELIVERY_OPERATIONS: readonly Operation[] = [list];

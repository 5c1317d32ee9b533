import { Type } from 'typebox';
import { type Operation, operation } from '../operation.ts';
import { TO } from './inputs.ts';

const closed = { additionalProperties: false } as const;
const about = {
  tag: 'Destinations',
  scope: 'admin',
  isOperators: true,
  body: Type.Object({ to: TO }, closed),
  example: { to: '+14155552671' },
} as const;

const unblock: Operation = operation({
  ...about,
  id: 'unblockDestination',
  method: 'POST',
  path: '/v1/destinations/unblock',
  summary: 'Unblock a destination',
  description: 'Over all services and spellings: enables it where it was disabled, and begins its budgets and ladders anew. Goes into the journal.',
  responses: {
    200: {
      description: 'Whether it had been disabled.',
      schema: Type.Object({ status: Type.Literal('unblocked'), wasBlocked: Type.Boolean() }, closed),
      example: { status: 'unblocked', wasBlocked: true },
    },
  },
  problems: [503],
  async handle({ parts, body, key }) {
    return { status: 200, body: await parts.operator.unblock({ ...body, by: key.id }) };
  },
});

const erase: Operation = operation({
  ...about,
  id: 'eraseDestination',
  method: 'DELETE',
  path: '/v1/destinations',
  summary: 'Erase a destination',
  description: 'Over all services and spellings: forgets its verifications. What was used of its budgets stays. Goes into the journal.',
  responses: {
    200: {
      description: 'How many verifications were removed.',
      schema: Type.Object({ status: Type.Literal('erased'), verifications: Type.Integer({ minimum: 0 }) }, closed),
      example: { status: 'erased', verifications: 2 },
    },
  },
  problems: [503],
  async handle({ parts, body, key }) {
    return { status: 200, body: await parts.operator.erase({ ...body, by: key.id }) };
  },
});

/** Operators' acts on a destination. */
export const DESTINATION_OPERATIONS: readonly Operation[] = [unblock, erase];

import { type TSchema, Type } from 'typebox';
import { CHANNELS } from '../core/destination.ts';
import { SCOPES } from '../engine/api-key.ts';
import { PROBLEM_CODES } from './problem.ts';

/** The shapes that answers are made of; each has a name in the OpenAPI document. */

/** Why a limit or a guard refused. */
const REASONS = ['resend_too_soon', 'in_progress', 'budget_exhausted', 'rate_limited', 'guard_denied', 'destination_blocked'] as const;

const STATES = ['pending', 'approved', 'expired', 'max_attempts_reached', 'canceled', 'failed'] as const;

const closed = { additionalProperties: false } as const;
const id = (prefix: string, description: string) => Type.String({ pattern: `^${prefix}[0-9a-f]{32}$`, description });
const time = (description: string) => Type.String({ format: 'date-time', description });

const Delivery = Type.Object(
  {
    id: id('VL', 'The message.'),
    channel: Type.Enum([...CHANNELS]),
    status: Type.Enum(['sending', 'sent', 'refused', 'unknown'], { description: '`unknown`: it may have left; nobody can tell.' }),
    at: time('When it was claimed.'),
  },
  { ...closed, $id: 'Delivery' },
);

const pendingFields = {
  id: id('VE', 'The verification.'),
  to: Type.String({ description: 'Masked.' }),
  channel: Type.Enum([...CHANNELS]),
  codeLength: Type.Integer({ minimum: 4, maximum: 10 }),
  expiresAt: time('Nothing is accepted at this time or later.'),
  resendAt: time('From when on the limits allow a resend, if nothing else happens.'),
  deliveries: Type.Array(Delivery, { description: 'The messages, oldest first.' }),
};

/** A verification that waits for its code. */
export const Verification: TSchema = Type.Object({ status: Type.Literal('pending'), ...pendingFields }, { ...closed, $id: 'Verification' });

const LiveVerification = Type.Object(pendingFields, { ...closed, $id: 'LiveVerification' });

/** How a verification has ended. */
export const Ended: TSchema = Type.Object(
  {
    status: Type.Enum(
      STATES.filter((state) => state !== 'pending'),
      { description: 'How it has ended.' },
    ),
  },
  { ...closed, $id: 'Ended' },
);

/** What is known of a verification. */
export const ShownVerification: TSchema = Type.Object(
  {
    status: Type.Enum([...STATES]),
    ...pendingFields,
    createdAt: time('When it was started.'),
    attemptsLeft: Type.Integer({ minimum: 0, description: 'Guesses left; 0 where it has ended.' }),
  },
  { ...closed, $id: 'ShownVerification' },
);

/** An approval. */
export const Approved: TSchema = Type.Object(
  {
    status: Type.Literal('approved'),
    verificationId: id('VE', 'The verification.'),
    token: Type.String({
      description: 'The proof: a JWT that is good for five minutes from the approval. Check it as docs/proof.md shows, and accept each `jti` once.',
    }),
  },
  { ...closed, $id: 'Approved' },
);

/** What a guess came to. */
export const CheckAnswer: TSchema = Type.Union(
  [
    Approved,
    Type.Object({ status: Type.Literal('pending'), reason: Type.Literal('wrong_code'), attemptsLeft: Type.Integer({ minimum: 1 }) }, closed),
    Type.Object(
      {
        status: Type.Literal('max_attempts_reached'),
        reason: Type.Optional(Type.Literal('wrong_code', { description: 'Of the guess that was the last one; absent where it had ended before.' })),
      },
      closed,
    ),
    Type.Object({ status: Type.Enum(['already_approved', 'expired', 'canceled', 'failed', 'destination_blocked']) }, closed),
  ],
  { $id: 'CheckAnswer' },
);

/** A message that was settled. */
export const SettledDelivery: TSchema = Type.Object(
  {
    id: id('VL', 'The message.'),
    verificationId: id('VE', 'Its verification.'),
    service: Type.String(),
    purpose: Type.String(),
    channel: Type.Enum([...CHANNELS]),
    to: Type.String({ description: 'Masked.' }),
    status: Type.Enum(['sent', 'refused', 'unknown']),
    sentAt: time('When it was claimed.'),
    settledAt: time('When its outcome was written down.'),
  },
  { ...closed, $id: 'SettledDelivery' },
);

/** An API key, without its secret. */
export const ApiKeyShape: TSchema = Type.Object(
  {
    id: id('SK', 'The key.'),
    name: Type.String(),
    service: Type.Union([Type.String(), Type.Null()], { description: 'The one service that it acts for; null for all.' }),
    scopes: Type.Array(Type.Enum([...SCOPES])),
    createdAt: time('When it was made.'),
    lastUsedAt: Type.Union([Type.String({ format: 'date-time' }), Type.Null()], { description: 'Written at most once a minute.' }),
    revokedAt: Type.Union([Type.String({ format: 'date-time' }), Type.Null()]),
  },
  { ...closed, $id: 'ApiKey' },
);

/** What is answered where nothing came of a request (RFC 9457). */
export const Problem: TSchema = Type.Object(
  {
    type: Type.String({ format: 'uri', description: 'A page that explains the code.' }),
    title: Type.String(),
    status: Type.Integer({ minimum: 400, maximum: 599 }),
    code: Type.Enum([...PROBLEM_CODES]),
    reason: Type.Optional(Type.Enum([...REASONS], { description: 'Which limit refused.' })),
    detail: Type.String({ description: 'A sentence for whoever reads the answer. It repeats no value of the request.' }),
    field: Type.Optional(Type.String({ description: 'The input field at fault.' })),
    retryAt: Type.Optional(time('From when on the same request may succeed, if nothing else happens.')),
    rule: Type.Optional(Type.String({ description: 'Which rule of the guard refused.' })),
    verification: Type.Optional(LiveVerification),
    docs: Type.Optional(Type.String({ description: 'Path of a page in the documentation.' })),
    instance: Type.String({ description: 'Names this one answer, in the logs too.' }),
  },
  { ...closed, $id: 'Problem' },
);

/** A page of a list. @param cursor the name of what the next page is asked for with. */
export function pageOf(item: TSchema, cursor: 'next' | 'cursor'): TSchema {
  return Type.Object(
    { items: Type.Array(item), [cursor]: Type.Optional(Type.String({ description: 'Where the next page begins; absent on the last.' })) },
    closed,
  );
}

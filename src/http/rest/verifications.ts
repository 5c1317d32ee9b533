import { type Static, Type } from 'typebox';
import { type Operation, operation } from '../operation.ts';
import { Ended, ShownVerification, Verification } from '../schemas.ts';
import { checkResponse, finishCheck, renderCheck } from './check-answers.ts';
import { CHANNEL, codeField, LOCALE, PURPOSE, REQUESTER, SERVICE, TO } from './inputs.ts';
import { noSuchVerification, renderSend } from './send-answers.ts';

const closed = { additionalProperties: false } as const;
const Id = Type.Object({ id: Type.String({ maxLength: 64, description: 'The id of the verification, as its start answered it.' }) }, closed);
const owner = { service: SERVICE, purpose: PURPOSE, requester: REQUESTER };
const OwnCode = Type.Optional(codeField('A code of your own, 4 to 10 digits, instead of one of ours. A resend must bring it again.'));
const Options = Type.Optional(
  Type.Unsafe<Readonly<Record<string, unknown>>>({
    type: 'object',
    description: 'Handed through to the provider for this message, where it takes any.',
  }),
);

const StartBody = Type.Object(
  {
    ...owner,
    to: TO,
    channel: CHANNEL,
    code: OwnCode,
    nonce: Type.Optional(Type.String({ minLength: 1, maxLength: 128, description: 'Comes back in the proof, so that its reader knows it again.' })),
    locale: LOCALE,
    providerOptions: Options,
  },
  closed,
);
const ResendBody = Type.Object({ ...owner, channel: CHANNEL, code: OwnCode, locale: LOCALE, providerOptions: Options }, closed);
const CheckBody = Type.Object(
  {
    ...owner,
    code: codeField('As typed: digits of any script, spaces and dashes are understood.'),
    attemptId: Type.Optional(
      Type.String({ minLength: 8, maxLength: 128, description: 'The same for a repeated submit: within 60 s it gets the same answer.' }),
    ),
  },
  closed,
);
const OwnerBody = Type.Object(owner, closed);

const exampleId = 'VE0123456789abcdef0123456789abcdef';
const pending = {
  status: 'pending',
  id: exampleId,
  to: '+1********71',
  channel: 'sms',
  codeLength: 6,
  expiresAt: '2026-01-31T12:10:00.000Z',
  resendAt: '2026-01-31T12:02:00.000Z',
  deliveries: [{ id: 'VL0123456789abcdef0123456789abcdef', channel: 'sms', status: 'sent', at: '2026-01-31T12:00:00.000Z' }],
};

const start: Operation = operation({
  id: 'startVerification',
  method: 'POST',
  path: '/v1/verifications',
  tag: 'Verifications',
  scope: 'start',
  summary: 'Start: send a code',
  description:
    'With a requester, a start while one is pending sends that one again: same id, life not extended. A nonce is that of the last start that was answered.',
  body: StartBody,
  example: { to: '+14155552671', purpose: 'login', requester: 'account-42' },
  responses: { 201: { description: 'A message has left, or may have: `deliveries` says.', schema: Verification, example: pending } },
  problems: [422, 503],
  async handle(call) {
    const { service: _, ...input } = call.body;
    const verifier = call.parts.verifierFor(await call.service());
    return { status: 201, body: renderSend(await verifier.start(input)) };
  },
});

const resend: Operation = operation({
  id: 'resendVerification',
  method: 'POST',
  path: '/v1/verifications/{id}/resend',
  tag: 'Verifications',
  scope: 'start',
  summary: 'Resend: send the code again',
  description: 'Same verification, life not extended.',
  params: Id,
  body: ResendBody,
  example: { purpose: 'login', requester: 'account-42' },
  responses: {
    200: { description: 'Sent again; or how the verification had ended before.', schema: Type.Union([Verification, Ended]), example: pending },
  },
  problems: [404, 422, 503],
  async handle(call) {
    const { service: _, ...input } = call.body;
    const verifier = call.parts.verifierFor(await call.service());
    return { status: 200, body: renderSend(await verifier.resend({ ...input, id: call.params.id })) };
  },
});

const check: Operation = operation({
  id: 'checkVerification',
  method: 'POST',
  path: '/v1/verifications/{id}/check',
  tag: 'Verifications',
  scope: 'check',
  summary: 'Check: judge one guess',
  description: 'A wrong code is a 200 with `status: pending`. A right one is approved by exactly one call, and carries a signed proof.',
  params: Id,
  body: CheckBody,
  example: { code: '123456', purpose: 'login', requester: 'account-42' },
  responses: checkResponse,
  problems: [404, 409, 503],
  finish: finishCheck,
  async handle(call) {
    const { code, purpose, requester, attemptId = call.attemptId } = call.body;
    const verifier = call.parts.verifierFor(await call.service());
    return { status: 200, body: renderCheck(await verifier.check({ id: call.params.id, code, purpose, requester, attemptId })) };
  },
});

const cancel: Operation = operation({
  id: 'cancelVerification',
  method: 'POST',
  path: '/v1/verifications/{id}/cancel',
  tag: 'Verifications',
  scope: 'start',
  summary: 'Cancel: end a pending verification',
  description: 'It gives nothing back to ladder or budgets. One that has ended stays as it has.',
  params: Id,
  body: OwnerBody,
  example: { purpose: 'login', requester: 'account-42' },
  responses: { 200: { description: 'The state that results.', schema: Ended, example: { status: 'canceled' } } },
  problems: [404, 503],
  async handle(call) {
    const verifier = call.parts.verifierFor(await call.service());
    const canceled = await verifier.cancel(withId(call.params.id, call.body));
    if (canceled.status === 'not_found') throw noSuchVerification();
    return { status: 200, body: { status: canceled.status } };
  },
});

const show: Operation = operation({
  id: 'showVerification',
  method: 'GET',
  path: '/v1/verifications/{id}',
  tag: 'Verifications',
  scope: 'read',
  summary: 'Show what is known of a verification',
  params: Id,
  query: OwnerBody,
  responses: {
    200: {
      description: 'The verification.',
      schema: ShownVerification,
      example: { ...pending, createdAt: '2026-01-31T12:00:00.000Z', attemptsLeft: 5 },
    },
  },
  problems: [404, 503],
  async handle(call) {
    const verifier = call.parts.verifierFor(await call.service());
    const shown = await verifier.show(withId(call.params.id, call.query));
    if (shown.status === 'not_found') throw noSuchVerification();
    return { status: 200, body: toJson(shown) };
  },
});

/** What is done with one verification. */
export const VERIFICATION_OPERATIONS: readonly Operation[] = [start, resend, check, cancel, show];

function withId(id: string, { purpose, requester }: Static<typeof OwnerBody>): { id: string; purpose?: string; requester?: string } {
  return { id, ...(purpose !== undefined && { purpose }), ...(requester !== undefined && { requester }) };
}

function toJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

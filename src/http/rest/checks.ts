import { Type } from 'typebox';
import { type Operation, operation } from '../operation.ts';
import { assertApprovalIsThere, checkResponse, finishCheck, renderCheck } from './check-answers.ts';
import { codeField, PURPOSE, REQUESTER, SERVICE, TO } from './inputs.ts';

const Body = Type.Object(
  {
    service: SERVICE,
    to: TO,
    code: codeField('As typed: digits of any script, spaces and dashes are understood.'),
    purpose: PURPOSE,
    requester: REQUESTER,
    attemptId: Type.Optional(
      Type.String({ minLength: 8, maxLength: 128, description: 'The same for a repeated submit: within 60 s it gets the same answer.' }),
    ),
  },
  { additionalProperties: false },
);

const check: Operation = operation({
  id: 'checkDestination',
  method: 'POST',
  path: '/v1/checks',
  tag: 'Verifications',
  scope: 'check',
  summary: 'Check by destination',
  description:
    'A guess at the newest verification of a destination, for callers who know no ids. Only where the service has `checkByDestination` or `compatibility`; it takes the `requester` that it was started with, unless the service has `sharePending`, as it has under `compatibility`.',
  body: Body,
  example: { to: '+14155552671', code: '123456', requester: 'account-42' },
  responses: checkResponse,
  problems: [404, 409, 503],
  assertReplayable: assertApprovalIsThere,
  finish: finishCheck,
  async handle(call) {
    const { service: _, ...input } = call.body;
    const verifier = call.parts.verifierFor(await call.service());
    return { status: 200, body: renderCheck(await verifier.check({ attemptId: call.attemptId, ...input })) };
  },
});

/** Checks that name no verification. */
export const CHECK_OPERATIONS: readonly Operation[] = [check];

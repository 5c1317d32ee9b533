import { type Static, Type } from 'typebox';
import { channelsFor, type Destination, parseDestination } from '../../core/destination.ts';
import { CountersignError } from '../../core/errors.ts';
import { toLanguageTag } from '../../core/language-tag.ts';
import { parseNonce } from '../../engine/nonces.ts';
import type { PageSessionRequest } from '../../engine/page-sessions.ts';
import type { PageSettings } from '../../engine/page-settings.ts';
import { parseOptionalText } from '../../engine/requests.ts';
import type { ServiceSettings } from '../../engine/service-settings.ts';
import { assertPurpose, type ServiceVerifier } from '../../engine/service-verifier.ts';
import { findTestCode } from '../../engine/test-numbers.ts';
import { type Operation, operation } from '../operation.ts';
import { HttpProblem } from '../problem.ts';
import { Approved } from '../schemas.ts';
import { assertApprovalIsThere, finishCheck } from './check-answers.ts';
import { CHANNEL_NAME, LOCALE, PURPOSE, REQUESTER, SERVICE, TO } from './inputs.ts';

const closed = { additionalProperties: false } as const;
const about = { tag: 'Sessions', method: 'POST' } as const;

const OpenBody = Type.Object(
  {
    service: SERVICE,
    returnUrl: Type.Optional(
      Type.String({ maxLength: 512, description: 'Where the visit ends: one of the service’s `page.returnUrls`. Default: the first of them.' }),
    ),
    state: Type.Optional(
      Type.String({ minLength: 1, maxLength: 512, description: 'Comes back with the person. Compare it with what their browser’s session holds.' }),
    ),
    to: Type.Optional(TO),
    channels: Type.Optional(
      Type.Array(CHANNEL_NAME, { minItems: 1, uniqueItems: true, description: 'What the page offers. Default: all that the service has.' }),
    ),
    purpose: PURPOSE,
    requester: REQUESTER,
    nonce: Type.Optional(Type.String({ minLength: 1, maxLength: 128, description: 'Comes back in the proof, so that its reader knows it again.' })),
    locale: LOCALE,
  },
  closed,
);

const Opened = Type.Object({
  id: Type.String({ pattern: '^PS[0-9a-f]{32}$' }),
  url: Type.String({ description: 'The link for one person. Who opens it first and goes on has it.' }),
  expiresAt: Type.String({ format: 'date-time' }),
});

const exampleOpened = {
  id: 'PS0123456789abcdef0123456789abcdef',
  url: 'https://verify.example.com/verify/PS0123456789abcdef0123456789abcdef/kX3vZ0Yl8mQwR1tB5nHc7g',
  expiresAt: '2026-01-31T12:30:00.000Z',
};

const open: Operation = operation({
  ...about,
  id: 'openSession',
  path: '/v1/sessions',
  scope: 'start',
  summary: 'Open a session of the hosted page',
  description: 'Answers a link that is good for 30 minutes. Nothing is sent before the person asks for it there.',
  body: OpenBody,
  example: { state: 'b1c5a9', purpose: 'signup' },
  responses: { 201: { description: 'The link.', schema: Opened, example: exampleOpened } },
  problems: [503],
  finish: (body, { pageSessions, publicUrl }) => {
    const { id, expiresAt } = body as Static<typeof Opened>;
    return { id, url: `${publicUrl}/verify/${id}/${pageSessions.linkOf(id).reveal()}`, expiresAt };
  },
  async handle(call) {
    const service = await call.service();
    const request = parseRequest(call.body, { service, verifier: call.parts.verifierFor(service), now: call.parts.now() });
    const { id, expiresAt } = await call.parts.pageSessions.open(service.id, request);
    return { status: 201, body: { id, expiresAt: expiresAt.toISOString() } };
  },
});

const exchange: Operation = operation({
  ...about,
  id: 'exchangeResult',
  path: '/v1/sessions/exchange',
  scope: 'check',
  summary: 'Exchange the result of a visit for its proof',
  description: 'Takes the `result` that the person came back with, once and within 60 s.',
  body: Type.Object({ service: SERVICE, result: Type.String({ minLength: 1, maxLength: 128 }) }, closed),
  example: { result: 'PS0123456789abcdef0123456789abcdef.pT4jW9aKfE2xS6uLq8dVzQ' },
  responses: {
    200: {
      description: 'The approval, with its proof.',
      schema: Approved,
      example: { status: 'approved', verificationId: 'VE0123456789abcdef0123456789abcdef', token: 'eyJhbGciOiJFZERTQSJ9.e30.c2lnbmF0dXJl' },
    },
  },
  problems: [404, 503],
  assertReplayable: assertApprovalIsThere,
  finish: finishCheck,
  async handle(call) {
    const { id } = await call.service();
    const claims = await call.parts.pageSessions.exchange(id, call.body.result);
    if (claims === undefined) throw noSuchResult();
    const body = { status: 'approved', claims: JSON.parse(claims) as unknown };
    await assertApprovalIsThere(call, body);
    return { status: 200, body };
  },
});

/** What callers do with the hosted page. */
export const SESSION_OPERATIONS: readonly Operation[] = [open, exchange];

interface ParseContext {
  readonly service: ServiceSettings;
  readonly verifier: Pick<ServiceVerifier, 'channels' | 'countries'>;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** Ensure that what no person could mend is told to the caller. */
function parseRequest(body: Static<typeof OpenBody>, { service, verifier, now }: ParseContext): PageSessionRequest {
  const { page } = service;
  if (page === null) throw new CountersignError('forbidden', 'this service has no hosted page: an operator sets `page`', { field: 'page' });
  const { purpose, nonce } = body;
  assertPurpose(service, purpose);
  const to = body.to === undefined ? undefined : parseDestination(body.to);
  if (to !== undefined && !mayWriteTo(to, { service, verifier, now })) throw invalid('to', 'is of a country that this service does not write to');
  const offered = verifier.channels.filter((channel) => body.channels?.includes(channel) ?? true);
  const usable = to === undefined ? offered : offered.filter((channel) => channelsFor(to.kind).includes(channel));
  if (usable.length === 0) throw invalid('channels', 'has none that the service offers and that reaches `to`');
  return {
    ...{ returnUrl: findReturnUrl(page, body.returnUrl), purpose, channels: body.channels, to: to?.reveal() },
    state: parseOptionalText(body.state, 'state', 1, 512),
    requester: parseOptionalText(body.requester, 'requester', 1, 256),
    nonce: nonce === undefined ? undefined : parseNonce(nonce),
    locale: body.locale === undefined ? undefined : parseLocale(body.locale),
  };
}

/** Whether the service's countries let a message go there; a test number gets none. */
function mayWriteTo(to: Destination, { service, verifier: { countries }, now }: ParseContext): boolean {
  if (to.kind === 'email' || countries === null || findTestCode(service, to, now) !== undefined) return true;
  return to.country !== undefined && countries.includes(to.country);
}

/** Ensure that people are sent where the service's operator has said, and nowhere else. */
function findReturnUrl({ returnUrls }: PageSettings, given: string | undefined): string {
  const found = given === undefined ? returnUrls[0] : returnUrls.find((url) => url === given);
  if (found !== undefined) return found;
  throw invalid('returnUrl', 'is not one of the service’s `page.returnUrls`, character by character');
}

function parseLocale(given: string): string {
  const tag = toLanguageTag(given);
  if (tag !== undefined) return tag;
  throw invalid('locale', 'must be a language tag such as `fr` or `fr-CA`');
}

function invalid(field: string, problem: string): CountersignError {
  return new CountersignError('invalid_request', `\`${field}\` ${problem}`, { field });
}

function noSuchResult(): HttpProblem {
  return new HttpProblem({ status: 404, code: 'not_found', detail: 'there is no such result: each is exchanged once, within 60 s' });
}

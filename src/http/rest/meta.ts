import { Type } from 'typebox';
import { type Operation, operation } from '../operation.ts';
import { describeProblem, HttpProblem } from '../problem.ts';

const closed = { additionalProperties: false } as const;
const ok = { 200: { description: 'Yes.', schema: Type.Object({ status: Type.Literal('ok') }, closed), example: { status: 'ok' } } };

const Jwk = Type.Object(
  {
    kty: Type.Literal('OKP'),
    crv: Type.Literal('Ed25519'),
    x: Type.String({ description: 'The public key.' }),
    kid: Type.String({ description: 'As in the header of a proof.' }),
    alg: Type.Literal('EdDSA'),
    use: Type.Literal('sig'),
  },
  closed,
);

const live: Operation = operation({
  id: 'isLive',
  method: 'GET',
  path: '/livez',
  tag: 'Operation',
  summary: 'Whether the process answers',
  responses: ok,
  async handle() {
    return { status: 200, body: { status: 'ok' } };
  },
});

const ready: Operation = operation({
  id: 'isReady',
  method: 'GET',
  path: '/readyz',
  tag: 'Operation',
  summary: 'Whether the store can be read and written',
  responses: ok,
  problems: [503],
  async handle({ parts }) {
    await parts.ping();
    return { status: 200, body: { status: 'ok' } };
  },
});

const jwks: Operation = operation({
  id: 'listProofKeys',
  method: 'GET',
  path: '/.well-known/jwks.json',
  tag: 'Proofs',
  summary: 'The public keys that proofs are signed with',
  description: 'A JWK Set (RFC 7517). It may be remembered for some minutes; ask again for a `kid` that is not in it.',
  responses: {
    200: {
      description: 'The keys.',
      schema: Type.Object({ keys: Type.Array(Jwk) }, closed),
      example: {
        keys: [{ kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo', kid: '5f2b1c07', alg: 'EdDSA', use: 'sig' }],
      },
    },
  },
  async handle({ parts }) {
    return { status: 200, body: parts.proofs.jwks() };
  },
});

const explain: Operation = operation({
  id: 'explainProblem',
  method: 'GET',
  path: '/problems/{code}',
  tag: 'Operation',
  summary: 'What a problem means',
  params: Type.Object({ code: Type.String({ maxLength: 64, description: 'As in a problem.' }) }, closed),
  responses: {
    200: {
      description: 'Its title, and the page that explains it.',
      schema: Type.Object({ code: Type.String(), title: Type.String(), docs: Type.String() }, closed),
      example: { code: 'invalid_code', title: 'The code cannot be one', docs: 'docs/errors/invalid_code.md' },
    },
  },
  problems: [404],
  async handle({ params: { code } }) {
    const meaning = describeProblem(code);
    if (meaning === undefined) throw new HttpProblem({ status: 404, code: 'not_found', detail: 'there is no such problem' });
    return { status: 200, body: { code, ...meaning } };
  },
});

/** What anybody may ask. */
export const META_OPERATIONS: readonly Operation[] = [live, ready, jwks, explain];

import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import type { JSONWebKeySet, JWTPayload } from 'jose';
import { SECOND } from '../core/duration.ts';
import { CountersignError } from '../core/errors.ts';
import type { IssuingKeys, KeyRing } from '../core/keys.ts';
import type { Proof } from './results.ts';

/** Everything that proof tokens are made of. */
export interface ProofTokensOptions {
  /** The first of its keys signs; all are published, so that a token outlives a rotation. */
  readonly keys: KeyRing;
  /** The public address of the service, such as `https://verify.example.com`: the `iss` of every token. */
  readonly issuer: string;
}

/** What a token says beside its proof. */
export interface SignProofOptions {
  /** Who is to read it: their `aud`. */
  readonly audience: string;
  /** What the reader gave when the verification was started, to know it again. */
  readonly nonce?: string | undefined;
  /** Whether the number is a test number: the token then says `test: true`. @defaultValue false */
  readonly test?: boolean | undefined;
}

/** What is in a token. */
export interface ProofClaims extends JWTPayload {
  /** The verification's id: to be accepted once. */
  readonly jti: string;
  readonly service: string;
  readonly purpose: string;
  readonly channel: string;
  /** One of the two: what was verified, to be compared with what the reader holds. */
  readonly phone_number?: string;
  readonly email?: string;
  readonly nonce?: string;
  /** Present where nobody was asked: the code is a fixed one. */
  readonly test?: true;
}

/** What a token is held against. */
export interface VerifyProofOptions {
  readonly audience: string;
  /** The time that it is read at. */
  readonly at: Date;
}

/** Signed statements of approvals (JWT, RFC 7519; EdDSA with Ed25519, RFC 8037). */
export interface ProofTokens {
  /**
   * The token of an approval. The same proof gives the same token, to the byte: it counts from the approval, so signing again makes no proof live longer.
   *
   * A token is a secret and holds the number or address: it is not to be logged.
   */
  sign(proof: Proof, options: SignProofOptions): string;
  /** The public keys of all that sign or have signed, for `/.well-known/jwks.json`. */
  jwks(): JSONWebKeySet;
  /** Reads a token as its readers should. For tests: a reader has the published keys alone. @throws whatever `jose` says of a token that is not to be accepted. */
  verify(token: string, options: VerifyProofOptions): Promise<ProofClaims>;
}

/** How long a token is good: long enough for a redirect and a form, and too short to be kept. */
export const PROOF_LIFE_SECONDS = 300;

/** What stands before the 32 bytes of an Ed25519 key in PKCS #8 (RFC 8410 §7). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

/**
 * Makes proof tokens.
 *
 * @throws {CountersignError} `configuration_invalid` for an issuer that is no http(s) address without query and fragment.
 * @example
 * const proofs = createProofTokens({ keys: createKeyRing({ secret }), issuer: 'https://verify.example.com' });
 * const token = await proofs.sign(proof, { audience: 'https://shop.example.com', nonce });
 */
export function createProofTokens({ keys, issuer }: ProofTokensOptions): ProofTokens {
  assertIssuer(issuer);
  const toToken = createSigner(keys.issuing);
  const published = { keys: keys.all.map(toJwk) };
  return {
    sign(proof, { audience, nonce, test = false }) {
      const issuedAt = Math.floor(proof.approvedAt.getTime() / SECOND);
      const { verificationId, service, purpose, channel, destination, requester } = proof;
      const text = destination.reveal();
      const isEmail = destination.kind === 'email';
      // Written as JSON, which leaves out what is undefined.
      return toToken({
        service,
        purpose,
        channel,
        phone_number: isEmail ? undefined : text,
        email: isEmail ? text : undefined,
        nonce,
        test: test ? true : undefined,
        iss: issuer,
        aud: audience,
        jti: verificationId,
        iat: issuedAt,
        exp: issuedAt + PROOF_LIFE_SECONDS,
        sub: requester,
      } satisfies { readonly [Name in keyof ProofClaims]: ProofClaims[Name] | undefined });
    },
    jwks: () => structuredClone(published),
    async verify(token, { audience, at }) {
      // Loaded where it is asked for: who signs is up sooner without it.
      const { createLocalJWKSet, jwtVerify } = await import('jose');
      // Ensure that the algorithm is ours and not the token's to choose (RFC 8725 §3.1).
      const { payload } = await jwtVerify<ProofClaims>(token, createLocalJWKSet(published), {
        algorithms: ['EdDSA'],
        issuer,
        audience,
        currentDate: at,
        requiredClaims: ['jti', 'iat', 'exp', 'service', 'purpose', 'channel'],
      });
      return payload;
    },
  };
}

/**
 * Makes compact tokens (RFC 7515 §3.1) of claims. By `node:crypto` and at once: `jose` signs by WebCrypto, whose way to another thread and back takes as long
 * again as the signature. Reading is another matter, and is left to `jose`, here and in tests.
 */
function createSigner(keys: IssuingKeys): (claims: object) => string {
  const key = toPrivateKey(keys);
  const header = toBase64Url({ alg: 'EdDSA', kid: keys.id, typ: 'JWT' });
  return (claims) => {
    const signed = `${header}.${toBase64Url(claims)}`;
    return `${signed}.${sign(null, Buffer.from(signed), key).toString('base64url')}`;
  };
}

function toBase64Url(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function toPrivateKey({ proof }: IssuingKeys): KeyObject {
  return createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, proof.export()]), format: 'der', type: 'pkcs8' });
}

/** Ensure that only the public half is published: the fields are named, never spread. */
function toJwk(keys: IssuingKeys): JSONWebKeySet['keys'][number] {
  const { x = '' } = createPublicKey(toPrivateKey(keys)).export({ format: 'jwk' });
  return { kty: 'OKP', crv: 'Ed25519', x, kid: keys.id, alg: 'EdDSA', use: 'sig' };
}

/** Ensure that readers can compare `iss` as it is: by text. */
function assertIssuer(issuer: string): void {
  if (typeof issuer === 'string' && /^https?:\/\/[^\s?#]+$/.test(issuer) && URL.canParse(issuer)) return;
  throw new CountersignError('configuration_invalid', '`issuer` must be an http or https address without query and fragment', { field: 'issuer' });
}

import { createHmac, createPublicKey, sign as signBytes, verify as verifyBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { createLocalJWKSet, exportJWK, generateKeyPair, jwtVerify, SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { errorOf, T0 } from '../../test/builders.ts';
import { parseDestination } from '../core/destination.ts';
import { MINUTE, SECOND } from '../core/duration.ts';
import { createKeyRing, type GivenKey } from '../core/keys.ts';
import { createProofTokens, PROOF_LIFE_SECONDS } from './proof-tokens.ts';
import type { Proof } from './results.ts';

const issuer = 'https://verify.example.com';
const audience = 'https://shop.example.com';
const [OLD, NEW]: readonly [GivenKey, GivenKey] = [
  { id: 'old', secret: 'a secret of at least 32 random bytes' },
  { id: 'new', secret: 'another secret of 32 random bytes!' },
];
const tokensOf = (...keys: GivenKey[]) => createProofTokens({ keys: createKeyRing({ keys }), issuer });
const proof: Proof = {
  verificationId: `VE${'0'.repeat(32)}`,
  service: `VA${'1'.repeat(32)}`,
  purpose: 'login',
  channel: 'sms',
  destination: parseDestination('+14155552671'),
  approvedAt: new Date(T0 + 999),
};
const tokens = tokensOf(OLD);
const at = new Date(T0 + 999);
const toPart = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const fromPart = (token: string, part: number) => JSON.parse(Buffer.from(token.split('.')[part] ?? '', 'base64url').toString());
const failureOf = (token: string, options: Partial<{ audience: string; at: Date }> = {}, by = tokens) =>
  by.verify(token, { audience, at, ...options }).then(
    () => 'accepted',
    (error: { code?: string }) => error.code,
  );

describe('a proof token', () => {
  it('says what was approved, for whom to read, from the approval on for 5 minutes', async () => {
    const token = await tokens.sign({ ...proof, requester: 'ada' }, { audience, nonce: 'n-1' });
    expect(fromPart(token, 0)).toEqual({ alg: 'EdDSA', kid: 'old', typ: 'JWT' });
    expect(await tokens.verify(token, { audience, at })).toEqual({
      ...{ iss: issuer, aud: audience, sub: 'ada', jti: proof.verificationId, nonce: 'n-1' },
      ...{ service: proof.service, purpose: 'login', channel: 'sms', phone_number: '+14155552671' },
      ...{ iat: T0 / SECOND, exp: T0 / SECOND + PROOF_LIFE_SECONDS },
    });
  });

  it('has neither requester nor nonce nor test where there is none', async () => {
    const claims = fromPart(await tokens.sign(proof, { audience, nonce: undefined, test: false }), 1);
    expect(Object.keys(claims).sort()).toEqual(['aud', 'channel', 'exp', 'iat', 'iss', 'jti', 'phone_number', 'purpose', 'service']);
  });

  it('says of an address that it is one, and of a test number that nobody was asked', async () => {
    const mail: Proof = { ...proof, channel: 'email', destination: parseDestination('Ada@Example.com') };
    const claims = fromPart(await tokens.sign(mail, { audience, test: true }), 1);
    expect(claims).toMatchObject({ email: 'Ada@example.com', test: true });
    expect(claims).not.toHaveProperty('phone_number');
  });

  it('is the same for the same proof, to the byte: signing again makes none live longer', async () => {
    const [first, again] = await Promise.all([tokens.sign(proof, { audience }), tokensOf(OLD).sign({ ...proof }, { audience })]);
    expect(again).toBe(first);
    expect(await tokens.sign({ ...proof, verificationId: `VE${'1'.repeat(32)}` }, { audience })).not.toBe(first);
  });

  it('is accepted until its last second and not in the next', async () => {
    const token = await tokens.sign(proof, { audience });
    expect(await failureOf(token, { at: new Date(T0 + 5 * MINUTE - 1) })).toBe('accepted');
    expect(await failureOf(token, { at: new Date(T0 + 5 * MINUTE) })).toBe('ERR_JWT_EXPIRED');
  });

  it('is for its audience, of its issuer, and unchanged, or it is refused', async () => {
    const token = await tokens.sign(proof, { audience });
    const [header, , signature] = token.split('.');
    const changed = [header, toPart({ ...fromPart(token, 1), phone_number: '+14155552672' }), signature].join('.');
    const elsewhere = createProofTokens({ keys: createKeyRing({ keys: [OLD] }), issuer: 'https://other.example.com' });
    expect(await failureOf(token, { audience: 'https://other.example.com' })).toBe('ERR_JWT_CLAIM_VALIDATION_FAILED');
    expect(await failureOf(await elsewhere.sign(proof, { audience }))).toBe('ERR_JWT_CLAIM_VALIDATION_FAILED');
    expect(await failureOf(changed)).toBe('ERR_JWS_SIGNATURE_VERIFICATION_FAILED');
    expect(await failureOf(await tokensOf({ ...NEW, id: 'old' }).sign(proof, { audience }))).toBe('ERR_JWS_SIGNATURE_VERIFICATION_FAILED');
  });

  it('chooses no algorithm: none, a MAC made with the public key, and another curve are refused', async () => {
    const token = await tokens.sign(proof, { audience });
    const payload = token.split('.')[1] ?? '';
    const [jwk] = tokens.jwks().keys;
    const pem = createPublicKey({ key: jwk ?? {}, format: 'jwk' }).export({ format: 'pem', type: 'spki' });
    const mac = (key: string | Buffer) => {
      const input = `${toPart({ alg: 'HS256', kid: 'old', typ: 'JWT' })}.${payload}`;
      return `${input}.${createHmac('sha256', key).update(input).digest('base64url')}`;
    };
    const { privateKey } = await generateKeyPair('ES256');
    const es256 = await new SignJWT(fromPart(token, 1)).setProtectedHeader({ alg: 'ES256', kid: 'old' }).sign(privateKey);
    const forged = [
      `${toPart({ alg: 'none', kid: 'old' })}.${payload}.`,
      mac(pem),
      mac(Buffer.from(jwk?.x ?? '', 'base64url')),
      mac(jwk?.x ?? ''),
      es256,
    ];
    for (const token of forged) expect(await failureOf(token)).toMatch(/^ERR_JOSE_ALG_NOT_ALLOWED$/);
  });

  it('brings no key of its own', async () => {
    const { privateKey, publicKey } = await generateKeyPair('EdDSA', { extractable: true });
    const header = { alg: 'EdDSA', jwk: await exportJWK(publicKey), jku: 'https://evil.example.com/jwks.json' };
    const claims = { ...fromPart(await tokens.sign(proof, { audience }), 1) };
    const sign = (kid?: string) => new SignJWT(claims).setProtectedHeader({ ...header, ...(kid && { kid }) }).sign(privateKey);
    expect([await failureOf(await sign()), await failureOf(await sign('old')), await failureOf(await sign('evil'))]).toEqual([
      ...['ERR_JWS_SIGNATURE_VERIFICATION_FAILED', 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED', 'ERR_JWKS_NO_MATCHING_KEY'],
    ]);
  });

  it('lacks no claim that readers rely on', async () => {
    const full = fromPart(await tokens.sign(proof, { audience }), 1);
    const { key } = signingKey();
    for (const name of ['jti', 'iat', 'exp', 'service', 'purpose', 'channel', 'iss', 'aud']) {
      const input = `${toPart({ alg: 'EdDSA', kid: 'old' })}.${toPart({ ...full, [name]: undefined })}`;
      const token = `${input}.${signBytes(null, Buffer.from(input), key).toString('base64url')}`;
      expect([name, await failureOf(token)]).toEqual([name, 'ERR_JWT_CLAIM_VALIDATION_FAILED']);
    }
  });
});

describe('the keys of proof tokens', () => {
  it('are published without their private half, the one that signs first', () => {
    const { keys } = tokensOf(NEW, OLD).jwks();
    expect(keys.map(({ kid }) => kid)).toEqual(['new', 'old']);
    for (const key of keys) {
      expect(Object.keys(key).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x']);
      expect(key).toMatchObject({ kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA', use: 'sig', x: expect.stringMatching(/^[\w-]{43}$/) });
    }
  });

  it('cannot be changed by who was given them', async () => {
    const given = tokens.jwks();
    given.keys.length = 0;
    expect(tokens.jwks().keys).toHaveLength(1);
    expect(await failureOf(await tokens.sign(proof, { audience }))).toBe('accepted');
  });

  it('are those of RFC 8032: another implementation takes the signature by the published key', async () => {
    const token = await tokens.sign(proof, { audience });
    const [header, payload, signature = ''] = token.split('.');
    const key = createPublicKey({ key: tokens.jwks().keys[0] ?? {}, format: 'jwk' });
    expect(verifyBytes(null, Buffer.from(`${header}.${payload}`), key, Buffer.from(signature, 'base64url'))).toBe(true);
  });

  it('do not change from one version of countersign to the next', () => {
    expect(tokens.jwks().keys[0]?.x).toBe('JPquHZAX028j89m-b68iD3DAKW2cgA3TK72upCVi9sE');
  });

  it('rotate with the secrets: tokens of before are good while the old key is in the list, and not after', async () => {
    const before = await tokensOf(OLD).sign(proof, { audience });
    const rotated = tokensOf(NEW, OLD);
    const after = await rotated.sign(proof, { audience });
    expect(fromPart(after, 0).kid).toBe('new');
    expect([await failureOf(before, {}, rotated), await failureOf(after, {}, rotated)]).toEqual(['accepted', 'accepted']);
    expect(await failureOf(before, {}, tokensOf(NEW))).toBe('ERR_JWKS_NO_MATCHING_KEY');
    // A process that has the new key last publishes it before anything is signed with it.
    expect(await failureOf(after, {}, tokensOf(OLD, NEW))).toBe('accepted');
  });

  it('are enough for a reader who has no more than them', async () => {
    const token = await tokensOf(NEW, OLD).sign(proof, { audience });
    const published = createLocalJWKSet(JSON.parse(JSON.stringify(tokensOf(NEW, OLD).jwks())));
    const { payload } = await jwtVerify(token, published, { algorithms: ['EdDSA'], issuer, audience, currentDate: at });
    expect(payload.phone_number).toBe('+14155552671');
  });

  it('I9 do not print', () => {
    const ring = createKeyRing({ keys: [OLD] });
    const seed = ring.issuing.proof.export();
    const printed = inspect([tokens, ring, tokens.jwks()], { depth: null, showHidden: true }) + JSON.stringify([tokens, ring, tokens.jwks()]);
    for (const encoding of ['hex', 'base64', 'base64url'] as const) expect(printed).not.toContain(seed.toString(encoding));
  });

  it.each(['', 'verify.example.com', 'ftp://x', 'https://x?y', 'https://x#y', 'https://', 'https://a b', undefined])(
    'have an issuer that is an address: %j',
    (bad) => {
      const error = errorOf(() => createProofTokens({ keys: createKeyRing({ keys: [OLD] }), issuer: bad as string }));
      expect([error.code, error.field]).toEqual(['configuration_invalid', 'issuer']);
    },
  );
});

/** The private key of {@link OLD}, made by hand. */
function signingKey() {
  const prefix = Buffer.from('302e020100300506032b657004220420', 'hex');
  const seed = createKeyRing({ keys: [OLD] }).issuing.proof.export();
  return { key: { key: Buffer.concat([prefix, seed]), format: 'der', type: 'pkcs8' } as const };
}

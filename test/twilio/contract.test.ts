import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ContractViolation, createTwilioContract } from './contract.ts';

interface Example {
  readonly operationId: string;
  readonly status: number;
  readonly body: Record<string, unknown>;
}

interface Published {
  readonly paths: Record<
    string,
    Record<
      string,
      { operationId?: string; responses?: Record<string, { content?: Record<string, { examples?: Record<string, { value: Example['body'] }> }> }> }
    >
  >;
}

/** Every answer that Twilio shows in its document. */
function publishedExamples(): Example[] {
  const document = JSON.parse(readFileSync(new URL('../data/twilio/twilio_verify_v2.json', import.meta.url), 'utf8')) as Published;
  const operations = Object.values(document.paths).flatMap((path) => Object.values(path));
  return operations.flatMap(({ operationId = '', responses = {} }) =>
    Object.entries(responses).flatMap(([status, { content }]) =>
      Object.values(content?.['application/json']?.examples ?? {}).map(({ value }) => ({ operationId, status: Number(status), body: value })),
    ),
  );
}

function exampleOf(operationId: string, status: number): Record<string, unknown> {
  return publishedExamples().find((one) => one.operationId === operationId && one.status === status)!.body;
}

describe('twilio contract', () => {
  it('passes every example of the document but the four of passkeys that break their own schema', () => {
    const contract = createTwilioContract();
    const refused = publishedExamples().flatMap(({ operationId, status, body }) => {
      try {
        contract.check(operationId, status, body);
        return [];
      } catch (error) {
        expect(error).toBeInstanceOf(ContractViolation);
        return [operationId];
      }
    });
    expect(refused).toEqual(['CreateChallengePasskeys', 'CreateChallengePasskeys', 'UpdateChallengePasskeys', 'UpdateChallengePasskeys']);
    expect([...contract.validated.values()].reduce((sum, count) => sum + count, 0)).toBe(78);
  });

  it.each([
    ['a wrong type', { valid: 'true' }],
    ['a sid of another kind', { sid: `VA${'a'.repeat(32)}` }],
    ['a date with fractions', { date_created: '2015-07-30T20:00:00.000Z' }],
    ['a date that is none', { date_created: '2015-17-30T20:00:00Z' }],
    ['a channel nobody documented', { channel: 'pigeon' }],
    ['a link that is none', { url: 'Verifications' }],
    ['a field nobody documented', { code: '123456' }],
    ['a field left out', { lookup: undefined }],
  ])('refuses %s', (_, change) => {
    const contract = createTwilioContract();
    const body = JSON.parse(JSON.stringify({ ...exampleOf('FetchVerification', 200), ...change }));
    expect(() => contract.check('FetchVerification', 200, body)).toThrow(ContractViolation);
    expect(contract.validated.size).toBe(0);
  });

  it('refuses an answer the document does not know', () => {
    const contract = createTwilioContract();
    const body = exampleOf('CreateVerification', 201);
    expect(() => contract.check('CreateVerification', 201, body)).not.toThrow();
    expect(() => contract.check('CreateVerification', 200, body)).toThrow('the document has no body for 200');
    expect(() => contract.check('SendVerification', 201, body)).toThrow(ContractViolation);
  });

  it('says where a body is wrong, and not what stood there', () => {
    const body = { ...exampleOf('FetchVerification', 200), to: 14155552671 };
    expect(() => createTwilioContract().check('FetchVerification', 200, body)).toThrow(/^FetchVerification: body\/to must be string,null$/);
  });

  it.each([
    ['a code that is text', { code: '60200' }],
    ['no message', { message: undefined }],
    ['details in a list', { details: [] }],
    ['the fields of RFC 9457', { type: 'about:blank', title: 'Bad request' }],
    ['a status of success', { status: 200 }],
  ])('refuses an error with %s', (_, change) => {
    const contract = createTwilioContract();
    const error = { code: 60200, message: 'Invalid parameter', more_info: 'https://www.twilio.com/docs/errors/60200', status: 400 };
    expect(() => contract.checkError(error)).not.toThrow();
    expect(() => contract.checkError(JSON.parse(JSON.stringify({ ...error, ...change })))).toThrow(ContractViolation);
    expect([...contract.validated]).toEqual([['error', 1]]);
  });
});

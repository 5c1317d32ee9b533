import { describe, expect, it } from 'vitest';
import { makeRecord, makeVerification } from '../../test/builders.ts';
import { findVerification } from './find-verification.ts';

const bound = makeVerification({ entryId: 'bound', service: 'shop', purpose: 'login', requester: 'ada' });
const free = makeVerification({ entryId: 'free', service: 'shop', purpose: 'login' });
const record = makeRecord({ verifications: [bound, free] });
const claim = { service: 'shop', purpose: 'login' };

describe('a verification', () => {
  it('is found by who started it', () => {
    expect(findVerification(record, { ...claim, entryId: 'bound', requester: 'ada' })).toBe(bound);
    expect(findVerification(record, { ...claim, entryId: 'free', requester: undefined })).toBe(free);
  });

  it.each([
    ['another id', { entryId: 'other' }],
    ['the id of another', { entryId: 'free' }],
    ['another service', { service: 'bank' }],
    ['another purpose', { purpose: 'signup' }],
    ['another requester', { requester: 'bob' }],
    ['no requester', { requester: undefined }],
  ])('I2 is not found with %s', (_name, other) => {
    expect(findVerification(record, { ...claim, entryId: 'bound', requester: 'ada', ...other })).toBeUndefined();
  });

  it('I2 is not found with a requester where it was started without one', () => {
    expect(findVerification(record, { ...claim, entryId: 'free', requester: 'ada' })).toBeUndefined();
  });
});

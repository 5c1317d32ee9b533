import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { errorOf, T0 } from '../../test/builders.ts';
import { MINUTE, SECOND } from '../core/duration.ts';
import { type Decide, JOURNAL_RETENTION } from '../stores/store.ts';
import { type ApiKey, parseApiKey } from './api-key.ts';
import {
  decideCreateApiKey,
  decideRevokeApiKey,
  decideRotateApiKey,
  decideTouchApiKey,
  isSecretGood,
  isTouchDue,
  PREVIOUS_SECRET_LIFE,
} from './api-key-acts.ts';
import { decodeApiKey } from './api-key-record.ts';

const VA = `VA${'0'.repeat(32)}`;
const SK = `SK${'0'.repeat(32)}`;
const toHash = (index: number) => String(index).padStart(43, 'h');

/** One key's record on a clock that a test sets. */
class KeyDesk {
  clock = T0;
  body: string | undefined;
  expiresAt: number | undefined;
  types: string[] = [];

  run<T>(decide: Decide<T>): T {
    const again = decide(this.body, this.clock);
    const decision = decide(this.body, this.clock);
    expect(again).toEqual(decision);
    if (decision.next) [this.body, this.expiresAt] = [decision.next.body, decision.next.expiresAt];
    this.types = (decision.entries ?? []).map(({ type }) => type);
    return decision.result;
  }

  create(hash = toHash(0)): ApiKey {
    return this.run(decideCreateApiKey({ name: 'shop', service: VA, scopes: ['start'] }, hash, { id: SK, by: 'SKroot' }));
  }

  isGood(hash: string): boolean {
    return isSecretGood(this.body === undefined ? undefined : decodeApiKey(this.body), hash, this.clock);
  }
}

describe('what is given for an API key', () => {
  const given = { name: 'shop', service: VA, scopes: ['check', 'start'] };
  const faultOf = (input: unknown) => errorOf(() => parseApiKey(input)).message;

  it('is a name, a service or null for all, and scopes, which are put in order', () => {
    expect(parseApiKey(given)).toEqual({ ...given, scopes: ['start', 'check'] });
    expect(parseApiKey({ ...given, service: null, scopes: ['admin'] })).toEqual({ name: 'shop', service: null, scopes: ['admin'] });
  });

  it.each<[string, unknown]>([
    ['`name`', { ...given, name: '' }],
    ['`name`', { ...given, name: 'x'.repeat(65) }],
    ['`name` is missing', { ...given, name: undefined }],
    ['`service` is missing', { ...given, service: undefined }],
    ['`service`', { ...given, service: 'default' }],
    ['`service`', { ...given, service: '' }],
    ['`scopes` is missing', { ...given, scopes: undefined }],
    ['`scopes`', { ...given, scopes: [] }],
    ['`scopes`', { ...given, scopes: ['root'] }],
    ['`scopes`', { ...given, scopes: ['start', 'start'] }],
    ['`scopes`', { ...given, scopes: 'start' }],
    ['`scopes`', { ...given, scopes: null }],
    ['`id` is unknown', { ...given, id: SK }],
    ['`input`', null],
    ['`input`', [given]],
  ])('is named where it is at fault: %s', (named, input) => {
    expect(faultOf(input).startsWith(named)).toBe(true);
  });

  it('is named all at once, and no value with it', () => {
    expect(faultOf({ name: 7, service: 'private', scopes: ['private'] })).toMatch(/^`name` .*; `service` .*; `scopes` .*$/);
    expect(faultOf({ name: 7, service: 'private', scopes: ['private'] })).not.toContain('private');
  });
});

describe('an API key', () => {
  it('is made once', () => {
    const desk = new KeyDesk();
    expect(desk.create()).toMatchObject({ id: SK, service: VA, lastUsedAt: null, revokedAt: null });
    expect([desk.types, desk.expiresAt]).toEqual([['api_key_created'], undefined]);
    expect(errorOf(() => desk.create()).code).toBe('conflict');
  });

  it('has the old secret for ten minutes after a rotation, to the millisecond', () => {
    const desk = new KeyDesk();
    desk.create();
    desk.run(decideRotateApiKey(toHash(1), { id: SK }));
    expect(desk.types).toEqual(['api_key_rotated']);
    desk.clock += PREVIOUS_SECRET_LIFE - 1;
    expect([desk.isGood(toHash(0)), desk.isGood(toHash(1))]).toEqual([true, true]);
    desk.clock += 1;
    expect([desk.isGood(toHash(0)), desk.isGood(toHash(1))]).toEqual([false, true]);
  });

  it('has no more than two secrets: one more rotation ends the oldest at once', () => {
    const desk = new KeyDesk();
    desk.create();
    for (const index of [1, 2]) desk.run(decideRotateApiKey(toHash(index), { id: SK }));
    expect([0, 1, 2].map((index) => desk.isGood(toHash(index)))).toEqual([false, true, true]);
  });

  it('has none once it is revoked, for good, and is shown for as long as the journal', () => {
    const desk = new KeyDesk();
    desk.create();
    desk.run(decideRotateApiKey(toHash(1), { id: SK }));
    desk.clock += SECOND;
    const revoked = desk.run(decideRevokeApiKey({ id: SK }));
    expect(revoked?.revokedAt).toBe(new Date(desk.clock).toISOString());
    expect([desk.types, desk.expiresAt]).toEqual([['api_key_revoked'], desk.clock + JOURNAL_RETENTION]);
    expect([0, 1].map((index) => desk.isGood(toHash(index)))).toEqual([false, false]);
    const { body } = desk;
    expect(body).not.toMatch(/h{20}/);
    desk.clock += MINUTE;
    expect(desk.run(decideRevokeApiKey({ id: SK }))).toEqual(revoked);
    expect(desk.run(decideRotateApiKey(toHash(2), { id: SK }))).toBeUndefined();
    expect(desk.run(decideTouchApiKey(SK))).toBeUndefined();
    expect([desk.body, desk.types]).toEqual([body, []]);
  });

  it('is left alone where there is none', () => {
    const desk = new KeyDesk();
    for (const decide of [decideRotateApiKey(toHash(1), { id: SK }), decideRevokeApiKey({ id: SK }), decideTouchApiKey(SK)]) {
      expect([desk.run(decide), desk.body]).toEqual([undefined, undefined]);
    }
    expect(desk.isGood(toHash(0))).toBe(false);
  });

  it('writes its use down once a minute, without an entry, and lets go of a secret that is over', () => {
    const desk = new KeyDesk();
    desk.create();
    desk.run(decideRotateApiKey(toHash(1), { id: SK }));
    expect(desk.run(decideTouchApiKey(SK))?.lastUsedAt).toBe(new Date(T0).toISOString());
    expect(desk.types).toEqual([]);
    desk.clock += MINUTE - 1;
    expect(desk.run(decideTouchApiKey(SK))).toBeUndefined();
    desk.clock += 1;
    expect(desk.run(decideTouchApiKey(SK))?.lastUsedAt).toBe(new Date(T0 + MINUTE).toISOString());
    expect(decodeApiKey(desk.body ?? '').previous?.hash).toBe(toHash(0));
    desk.clock += PREVIOUS_SECRET_LIFE;
    desk.run(decideTouchApiKey(SK));
    expect(decodeApiKey(desk.body ?? '').previous).toBeUndefined();
    expect(isTouchDue(decodeApiKey(desk.body ?? ''), desk.clock)).toBe(false);
  });

  it('revives no secret when the clock is set back behind what its record has seen', () => {
    const desk = new KeyDesk();
    desk.create();
    desk.run(decideRotateApiKey(toHash(1), { id: SK }));
    desk.clock += PREVIOUS_SECRET_LIFE;
    desk.run(decideTouchApiKey(SK));
    desk.clock -= PREVIOUS_SECRET_LIFE;
    expect(desk.isGood(toHash(0))).toBe(false);
    desk.run(decideRotateApiKey(toHash(2), { id: SK }));
    expect(decodeApiKey(desk.body ?? '').previous?.until).toBe(T0 + 2 * PREVIOUS_SECRET_LIFE);
  });

  it('never has more good secrets than two, one of them the last, whatever is done to it', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constantFrom('rotate' as const, 'touch' as const), by: fc.constant(0) }),
      fc.record({ kind: fc.constant('wait' as const), by: fc.integer({ min: -MINUTE, max: 12 * MINUTE }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const desk = new KeyDesk();
        desk.create();
        let made = 1;
        for (const { kind, by } of steps) {
          if (kind === 'wait') desk.clock += by;
          else if (kind === 'touch') desk.run(decideTouchApiKey(SK));
          else desk.run(decideRotateApiKey(toHash(made++), { id: SK }));
          const good = Array.from({ length: made }, (_, index) => index).filter((index) => desk.isGood(toHash(index)));
          expect([made - 2, made - 1].slice(-good.length)).toEqual(good);
        }
      }),
    );
  });
});

import { expect, it } from 'vitest';
import { MINUTE } from '../src/core/duration.ts';
import { createPageSessions, type PageSessionRequest, type PageSessions } from '../src/engine/page-sessions.ts';
import type { Store } from '../src/stores/store.ts';
import { T0 } from './builders.ts';
import type { Doors } from './doors-world.ts';
import { range, type TenantsWorld } from './tenants-world.ts';

/** Of a service, a number that a caller gave, and what two browsers show. */
export const SERVICE: string = `VA${'1'.repeat(32)}`;
export const TO = '+12025550143';
export const ADA: string = 'a'.repeat(22);
export const EVE: string = 'e'.repeat(22);

/** Everything that a caller may say of a session. */
export const request: PageSessionRequest = {
  ...{ returnUrl: 'https://shop.example/verified?from=page', state: 'state of a caller', to: TO, channels: ['sms'], purpose: 'signup' },
  ...{ requester: 'account of a person', nonce: 'nonce of a reader', locale: 'fr-CA' },
};

/** What is approved, and what is under way. */
export const claims: string = JSON.stringify({ destination: TO, approvedAt: '2026-01-01T00:00:00.000Z' });
export const current: { readonly verificationId: string; readonly to: string } = { verificationId: `VE${'1'.repeat(32)}`, to: TO };

/** A browser at a session. */
export interface Visitor {
  readonly id: string;
  readonly browser: string;
}

/** A session that Ada has, and Eve has not. */
export async function openForAda(sessions: PageSessions): Promise<{ readonly id: string; readonly ada: Visitor; readonly eve: Visitor }> {
  const { id } = await sessions.open(SERVICE, request);
  const ada = { id, browser: ADA };
  expect(await sessions.claim(ada, { hasLink: true })).toBe('claimed');
  return { id, ada, eve: { id, browser: EVE } };
}

/** The result that an approval gives, or ''. */
export async function approve(sessions: PageSessions, visitor: Visitor): Promise<string> {
  return (await sessions.approve(visitor, claims))?.reveal() ?? '';
}

const count = <T>(values: readonly T[], wanted: T) => values.filter((value) => value === wanted).length;

/** What page sessions promise to two processes at once. @param onStores runs a test on two fresh handles of one store */
export function describePageSessions(onStores: (run: (doors: Doors) => Promise<void>) => Promise<void>): void {
  const onBoth = (run: (of: (index: number) => PageSessions, world: TenantsWorld, store: Store) => Promise<void>) =>
    onStores(async ({ world, here, there }) => {
      const both = [here, there].map((store) => createPageSessions({ store, keys: world.keys })) as [PageSessions, PageSessions];
      await run((index) => both[index % 2] as PageSessions, world, here);
    });

  it('I11 belong to one of a hundred browsers that claim at once', () =>
    onBoth(async (of) => {
      const { id } = await of(0).open(SERVICE, request);
      const browsers = range(100).map((index) => `${index}`.padStart(22, 'b'));
      const outcomes = await Promise.all(browsers.map((browser, index) => of(index).claim({ id, browser }, { hasLink: true })));
      expect([count(outcomes, 'claimed'), count(outcomes, 'elsewhere')]).toEqual([1, 99]);
      const found = await of(1).find(id);
      const owners = browsers.filter((browser) => found?.isOf(browser));
      expect(owners).toEqual([browsers[outcomes.indexOf('claimed')]]);
    }));

  it('I11 give the claims to one of a hundred exchanges', () =>
    onBoth(async (of) => {
      const { id, ada } = await openForAda(of(0));
      const results = [await approve(of(0), ada), (await of(1).issue(ada))?.reveal() ?? ''];
      const outcomes = await Promise.all(range(100).map((index) => of(index).exchange(SERVICE, results[index % 3 === 0 ? 0 : 1] ?? '')));
      expect([count(outcomes, claims), count(outcomes, undefined)]).toEqual([1, 99]);
      expect((await of(0).find(id))?.end).toBe('exchanged');
    }));

  it('I11 take three of a hundred numbers at once, and those again', () =>
    onBoth(async (of) => {
      const { id, ada } = await openForAda(of(0));
      const numbers = range(100).map((index) => `+1202555${`${index}`.padStart(4, '0')}`);
      const claimAll = () => Promise.all(numbers.map((destination, index) => of(index).claim(ada, { hasLink: false, destination })));
      const outcomes = await claimAll();
      expect([count(outcomes, 'claimed'), count(outcomes, 'destinations_used_up')]).toEqual([3, 97]);
      expect(await claimAll()).toEqual(outcomes);
      expect((await of(1).find(id))?.destinationsLeft).toBe(0);
    }));

  it('I11 let one of a hundred forms have a message sent', () =>
    onBoth(async (of) => {
      const { ada } = await openForAda(of(0));
      const claimAll = () => Promise.all(range(100).map((index) => of(index).claim(ada, { hasLink: false, destination: TO, sends: true })));
      const outcomes = await claimAll();
      expect([count(outcomes, 'claimed'), count(outcomes, 'sending')]).toEqual([1, 99]);
      expect(await of(1).unsent(ada)).toBe('kept');
      expect(count(await claimAll(), 'claimed')).toBe(1);
    }));

  it('are the same in every process', () =>
    onBoth(async (of, world) => {
      const { id, expiresAt } = await of(0).open(SERVICE, request);
      expect([expiresAt, of(0).linkOf(id).reveal()]).toEqual([new Date(T0 + 30 * MINUTE), of(1).linkOf(id).reveal()]);
      const ada = { id, browser: ADA };
      expect(await of(1).claim(ada, { hasLink: true, destination: TO })).toBe('claimed');
      expect(await of(0).keep(ada, current)).toBe('kept');
      expect(await of(1).find(id)).toMatchObject({ id, service: SERVICE, request, isBound: true, destinationsLeft: 2, current });
      const result = await approve(of(0), ada);
      world.clock += 59_999;
      expect(await of(1).exchange(SERVICE, result)).toBe(claims);
    }));
}

import { describe, expect, it } from 'vitest';
import { DEPLOYMENT, PLAIN_FIELDS } from '../../test/tenants-world.ts';
import { MINUTE, SECOND } from '../core/duration.ts';
import { DEFAULT_LIMITS, resolveLimits } from './limits.ts';
import { toVerifierSettings } from './service-bounds.ts';

describe('the settings of a service’s verifier', () => {
  it('are the deployment’s where the service says nothing', () => {
    expect(toVerifierSettings(PLAIN_FIELDS, DEPLOYMENT)).toEqual({ limits: DEFAULT_LIMITS, allowedCountries: null, channels: DEPLOYMENT.channels });
  });

  it('are the service’s own, in milliseconds', () => {
    const own = {
      codeLength: 8,
      lifeSeconds: 300,
      emailLifeSeconds: 3_600,
      ladderSeconds: [7, 9],
      resendPolicy: 'rotate',
      sharePending: true,
    } as const;
    const texts = { template: '{code}', subject: 'Code', origin: 'https://example.com' };
    expect(toVerifierSettings({ ...PLAIN_FIELDS, ...own, ...texts }, DEPLOYMENT)).toMatchObject({
      ...texts,
      limits: { codeLength: 8, life: 300_000, emailLife: 3_600_000, ladder: [7_000, 9_000], resendPolicy: 'rotate', sharePending: true },
    });
  });

  it.each([
    [
      'the service’s',
      { sendsPerHour: 2, sendsPerDay: 3, wrongPerHour: 4, wrongPerDay: 5 },
      { sendsPerHour: 2, sendsPerDay: 3, wrongPerHour: 4, wrongPerDay: 5 },
    ],
    [
      'the deployment’s',
      { sendsPerHour: 50, sendsPerDay: 60, wrongPerHour: 70, wrongPerDay: 80 },
      { sendsPerHour: 5, sendsPerDay: 10, wrongPerHour: 10, wrongPerDay: 20 },
    ],
  ])('have the stricter of two budgets, where that is %s', (_whose, budgets, expected) => {
    const { limits } = toVerifierSettings({ ...PLAIN_FIELDS, budgets }, DEPLOYMENT);
    expect(limits).toMatchObject(expected);
    expect(limits.knownSendsPerDay).toBe(Math.min(20, budgets.sendsPerDay));
  });

  it('have the longer of two spacings', () => {
    const spacing = (seconds: number) => toVerifierSettings({ ...PLAIN_FIELDS, sendSpacingSeconds: seconds }, DEPLOYMENT).limits.sendSpacing;
    expect([spacing(10), spacing(45)]).toEqual([30 * SECOND, 45 * SECOND]);
  });

  const preset = { ...PLAIN_FIELDS, compatibility: 'twilio' } as const;

  it('are what Twilio’s clients know under the preset, with the deployment’s budgets', () => {
    const { limits } = toVerifierSettings({ ...preset, sendSpacingSeconds: 45, budgets: { sendsPerDay: 7 } }, DEPLOYMENT);
    expect(resolveLimits(limits)).toEqual({
      ...DEFAULT_LIMITS,
      ...{ ladder: [], sendSpacing: 10 * SECOND, sendsPerVerification: 5, holdUsedUp: true, renewBefore: 1, sharePending: true },
      ...{ sendsPerDay: 7, knownSendsPerDay: 7 },
    });
  });

  it('have the service’s ladder on top of the preset where it says so, and nowhere else', () => {
    const own = { ladderSeconds: [7, 9] };
    expect(toVerifierSettings({ ...preset, ...own, ladderOnTop: true }, DEPLOYMENT).limits).toMatchObject({ ladder: [7_000, 9_000], renewBefore: 1 });
    expect(toVerifierSettings({ ...preset, ...own }, DEPLOYMENT).limits.ladder).toEqual([]);
    const { limits } = toVerifierSettings({ ...PLAIN_FIELDS, ladderOnTop: true, psd2: true, customCodes: true }, DEPLOYMENT);
    expect(limits).toEqual(DEFAULT_LIMITS);
  });

  it('have what both allow of countries and channels, if that is nothing', () => {
    const both = (own: readonly string[] | null, all: readonly string[] | null) =>
      toVerifierSettings({ ...PLAIN_FIELDS, allowedCountries: own }, { ...DEPLOYMENT, allowedCountries: all }).allowedCountries;
    expect([both(null, null), both(['DE'], null), both(null, ['FR']), both(['DE', 'FR'], ['FR', 'AT']), both(['DE'], ['FR'])]).toEqual([
      ...[null, ['DE'], ['FR'], ['FR'], []],
    ]);
    const { channels } = toVerifierSettings({ ...PLAIN_FIELDS, channels: ['call'] }, { ...DEPLOYMENT, channels: ['sms', 'email'] });
    expect(channels).toEqual([]);
  });

  it.each([
    [60, 600, 12 * SECOND],
    [120, 600, 24 * SECOND],
    [600, 61, 12_200],
    [121, 600, 2 * MINUTE],
  ])('renew a verification of %i s by phone and %i s by email while there is life left', (lifeSeconds, emailLifeSeconds, renewBefore) => {
    const { limits } = toVerifierSettings({ ...PLAIN_FIELDS, lifeSeconds, emailLifeSeconds }, DEPLOYMENT);
    expect(resolveLimits(limits).renewBefore).toBe(renewBefore);
  });
});

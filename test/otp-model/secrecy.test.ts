import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OtpModel } from '../../src/otp-model.ts';
import { createSqliteStore } from '../../src/stores/sqlite.ts';
import type { FakeClock } from '../../src/testing/fake-clock.ts';
import { Catch, findSecrets, type Secrets } from '../model/secrecy.ts';
import type { TwilioFault } from '../twilio/double-faults.ts';
import { openSeed, PHONE, SECRET, type Seed } from './seed.ts';

const UNIQUE = 'sign-up of Annabel Lee';
const USER = 'many and many a year ago';
const HOUR = 3_600_000;

const FAULTS: readonly TwilioFault[] = [
  { error: 60200 },
  { error: 60203 },
  { error: 60410 },
  { error: 20003 },
  { status: 500 },
  { status: 502 },
  'html_ok',
  'empty',
  'malformed',
  'unknown_status',
  'cut_before',
  'cut_after',
  'cut_mid_body',
];

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-otp-secrecy-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** What must not be found: who it was, every code that went out, and what opens Twilio and the store. */
function toSecrets({ double }: Seed, guesses: readonly string[]): Secrets {
  const codes = [...double.messages.map(({ code }) => code), ...guesses].map((code, place) => [`code ${place}`, code]);
  const { accountSid, authToken } = double;
  const basic = Buffer.from(`${accountSid}:${authToken}`).toString('base64');
  return {
    number: PHONE,
    national: PHONE.slice(2),
    unique: UNIQUE,
    user: USER,
    token: authToken,
    basic,
    secret: SECRET,
    ...Object.fromEntries(codes),
  };
}

describe('I9 what is left of whole flows with every failure', () => {
  it('holds neither number, code, ids, token nor secret: the file, its log, and whatever was thrown or printed', async () => {
    const caught = new Catch();
    // Ten digits: six would turn up in a file by chance.
    const seed = await openSeed({ codeLength: 10, createStore: (clock: FakeClock) => createSqliteStore({ path: join(folder, 'kept.db'), clock }) });
    const { clock, double, store } = seed;
    const create = (options = {}) => seed.create({ twilioCodeLength: 10, ...options });
    const guesses = ['4815162342', '8765432109'];
    const attempt = async <T>(name: string, call: Promise<T>): Promise<T | undefined> =>
      call.catch((error: unknown) => {
        caught.error(name, error);
        return undefined;
      });

    await caught.printed('printed', async () => {
      for (const [place, fault] of [...FAULTS, ...FAULTS].entries()) {
        // Longer than every wait and budget: each fault is met.
        clock.advance(25 * HOUR);
        const isOfSend = place < FAULTS.length;
        const otp = create();
        const counter = await attempt('checkCount', otp.checkCount(UNIQUE, USER));
        await attempt('checkCount again', otp.checkCount(UNIQUE, USER));
        if (isOfSend) double.next(fault);
        await attempt(`verification ${place}`, otp.verification());
        await attempt('verification again', otp.verification());
        if (counter) await attempt('addCount', otp.addCount(counter));
        if (counter) await attempt('addCount again', otp.addCount(counter));
        await attempt('a code of the wrong length', otp.verificationCheck(`${guesses[0]}7`));
        await attempt('a wrong code', otp.verificationCheck(guesses[place % 2] as string));
        if (!isOfSend) double.next(fault);
        await attempt(`verificationCheck ${place}`, otp.verificationCheck(double.messages.at(-1)?.code ?? ''));
        await attempt('verificationCheck again', otp.verificationCheck(double.messages.at(-1)?.code ?? ''));
        if (counter && place % 3 === 0) await attempt('deleteCount', otp.deleteCount(counter.id));
        if (counter) await attempt('deleteCount of none', otp.deleteCount(counter.id - 1));
        caught.value('model', otp);
      }
      await attempt('wrong credentials', create({ twilioAuthToken: 'f'.repeat(32) }).verification());
      await attempt('another secret', create({ secret: 'another secret of at least 32 bytes' }).verification());
      await attempt('no counter', create().addCount({ uniqueId: UNIQUE, userId: USER } as never));
      await attempt('too long an id', create().checkCount(USER.repeat(20), UNIQUE));
      for (const wrong of [`${PHONE}x`, `x${PHONE}`, `${PHONE},${PHONE}`])
        await attempt('construction', (async () => new OtpModel(wrong, seed.settings))());
      await double.close();
      clock.advance(25 * HOUR);
      await attempt('nobody listens', create().verification());
    });
    caught.folder('open', folder);
    await store.close();
    await attempt('closed', create().verification());
    caught.folder('closed', folder);

    const isCaught = (name: string) => caught.places.some((place) => place.name.startsWith(`${name}, cause 0`));
    for (const place of FAULTS.keys()) expect([place, isCaught(`verification ${place}`)]).toEqual([place, true]);
    for (const place of FAULTS.keys()) expect([place, isCaught(`verificationCheck ${FAULTS.length + place}`)]).toEqual([place, true]);
    expect(double.messages.length).toBeGreaterThan(5);
    expect(caught.places.some(({ name }) => name === 'open kept.db-wal')).toBe(true);
    expect(findSecrets(caught.places, toSecrets(seed, guesses))).toEqual([]);
  });
});

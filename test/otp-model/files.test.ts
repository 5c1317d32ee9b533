import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Forbidden, InternalServerError, OtpModel, type OtpModelOptions, TooManyRequests } from '../../src/otp-model.ts';
import { errorOf } from '../builders.ts';
import { expectThrown, openSeed, PHONE } from './seed.ts';

const SECRETS = ['the first secret, of thirty-two bytes', 'another secret, of thirty-two bytes'];

let folder: string;
let settings: OtpModelOptions;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-otp-model-'));
  settings = (await openSeed()).settings;
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await OtpModel.closeFiles();
  rmSync(folder, { recursive: true, force: true });
});

const open = (options: OtpModelOptions = {}) => new OtpModel(PHONE, { ...settings, ...options });

/** How often this process has a file open, where the system tells. */
function countHandles(path: string): number {
  if (process.platform !== 'linux') return 1;
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === path;
    } catch {
      return false; // of the listing itself
    }
  }).length;
}

describe('the file of OtpModel', () => {
  it('is one for each path and process, however many models there are and however the path is written', async () => {
    const path = join(folder, 'a file with spaces.db');
    const models = [open({ database: path }), open({ database: join(folder, '.', 'x', '..', 'a file with spaces.db') }), open({ database: path })];
    const { id } = await models[0]!.checkCount('sign-up', 'ada');
    await expectThrownInProgress(models[1]!);
    await models[2]!.deleteCount(id);
    expect(countHandles(path)).toBe(1);
  });

  it('is one for models of different settings too', async () => {
    const path = join(folder, 'shared.db');
    const counter = await open({ database: path }).checkCount('sign-up', 'ada');
    const until = await open({ database: path, firstResendDuration: 1, twilioAuthToken: 'x'.repeat(32) }).addCount(counter);
    expect(Date.parse(until)).toBeLessThan(counter.createdAt.getTime() + 120_000);
    await expect(open({ database: path }).addCount(counter)).rejects.toBeInstanceOf(TooManyRequests);
    expect(countHandles(path)).toBe(1);
  });

  it('is COUNTERSIGN_DATABASE, else countersign.db in the folder of the process', async () => {
    vi.stubEnv('COUNTERSIGN_DATABASE', join(folder, 'named.db'));
    await open().checkCount('sign-up', 'ada');
    vi.stubEnv('COUNTERSIGN_DATABASE', undefined);
    const before = process.cwd();
    try {
      process.chdir(folder);
      await open().checkCount('sign-up', 'ada');
    } finally {
      process.chdir(before);
    }
    await OtpModel.closeFiles();
    expect(listFiles()).toEqual(['countersign.db', 'named.db']);
  });

  it('is not made where a store was given', async () => {
    const { create } = await openSeed();
    await create({ database: join(folder, 'unused.db') }).checkCount('sign-up', 'ada');
    expect(readdirSync(folder)).toEqual([]);
  });

  it('goes on where it stood after closeFiles, with a new model; a model from before is InternalServerError', async () => {
    const database = join(folder, 'again.db');
    const before = open({ database });
    const counter = await before.checkCount('sign-up', 'ada');
    const until = await before.addCount(counter);
    await OtpModel.closeFiles();
    await OtpModel.closeFiles();
    expect(statSync(database).size).toBeGreaterThan(4_096); // All of it, and not in the log alone.
    await expectThrown(before.deleteCount(counter.id), InternalServerError, 'store_unavailable');
    await expectThrown(open({ database }).checkCount('sign-up', 'ada'), TooManyRequests, 'resend_too_soon', Date.parse(until));
    await open({ database }).deleteCount(counter.id);
    await expectThrown(open({ database }).deleteCount(counter.id), Forbidden, 'not_found');
  });

  it.each<[string, () => string]>([
    ['a folder', () => folder],
    ['in a folder that is not there', () => join(folder, 'missing', 'a.db')],
    ['in memory', () => ':memory:'],
    ['some other file', () => writeOther(join(folder, 'text'))],
  ])('is configuration_invalid at construction where it is %s', (_, toPath) => {
    expect(errorOf(() => open({ database: toPath() }))).toMatchObject({ code: 'configuration_invalid' });
  });

  it('that is damaged is InternalServerError in all methods, and not at construction; put right, the same model goes on', async () => {
    const database = join(folder, 'damaged.db');
    const { id } = await open({ database }).checkCount('sign-up', 'ada');
    await OtpModel.closeFiles();
    const good = readFileSync(database);
    writeFileSync(database, Buffer.from(good).fill(0xa5, 100, 4_096));
    const otp = open({ database });
    const counter = { id, uniqueId: 'sign-up', userId: 'ada', count: 0, expires: new Date(), createdAt: new Date() };
    const calls = [otp.verification(), otp.verificationCheck('123456'), otp.checkCount('sign-up', 'ada'), otp.addCount(counter), otp.deleteCount(id)];
    for (const call of calls) await expectThrown(call, InternalServerError, 'store_unavailable');
    writeFileSync(database, good);
    await otp.deleteCount(id);
  });

  it('that was begun with another secret is InternalServerError, and says which setting to put right', async () => {
    const database = join(folder, 'secret.db');
    const [first, second] = SECRETS as [string, string];
    const { id } = await open({ database, secret: first }).checkCount('sign-up', 'ada');
    const otp = open({ database, secret: second });
    for (const call of [otp.verification(), otp.verificationCheck('123456'), otp.checkCount('sign-up', 'ada'), otp.deleteCount(id)]) {
      const error = await expectThrown(call, InternalServerError, 'configuration_invalid');
      expect(error.message).toMatch(/begun with another secret: set COUNTERSIGN_SECRET \(or the option `secret`\)/);
      expect(error.message + error.stack).not.toMatch(new RegExp(`indexSecret|${first}|${second}`));
    }
    await open({ database, secret: first }).deleteCount(id);
  });
});

/** What lies in the folder, without the log: a driver may let go of it later. */
const listFiles = () =>
  readdirSync(folder)
    .filter((name) => !/-(wal|shm)$/.test(name))
    .sort();

async function expectThrownInProgress(otp: OtpModel): Promise<void> {
  await expect(otp.checkCount('sign-up', 'ada')).rejects.toMatchObject({ status: 429, code: 'in_progress' });
}

function writeOther(path: string): string {
  writeFileSync(path, 'not a database'.repeat(1_000));
  return path;
}

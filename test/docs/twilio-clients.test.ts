import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { createOutboxSender } from '../../src/senders/outbox.ts';
import { createService } from '../../src/service/service.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import { expectedOutput, ROOT, readBlocks } from './blocks.ts';
import { secret } from './world.ts';

/** Inside the repository, so that packages are found; ignored by git; of this process alone. */
const FOLDER = `reports/docs-twilio/${process.pid}`;

afterAll(() => rmSync(`${ROOT}${FOLDER}`, { recursive: true, force: true }));
afterEach(() => vi.unstubAllEnvs());

/** A service of ours, named in the environment as the pages name it. */
async function serve(): Promise<string> {
  const outbox = createOutboxSender();
  const log = { write: () => undefined };
  const service = await createService({ secret, port: 0 }, { store: createMemoryStore(), senders: [outbox], hasMetricsListener: false, log });
  onTestFinished(() => service.close());
  const { url } = await service.listen();
  const { id } = await service.tenants.createService({ name: 'Shop', compatibility: 'twilio' });
  const { key, secret: ofKey } = await service.tenants.createKey({ name: 'app', service: id, scopes: ['start', 'check'] });
  const named = { VERIFY_URL: url, VERIFY_KEY: key.id.replace('SK', 'AC'), VERIFY_SECRET: ofKey.reveal(), VERIFY_SERVICE_SID: id };
  for (const [name, value] of Object.entries(named)) vi.stubEnv(name, value);
  return url;
}

/** Runs a block as a module. @param name of its file, since a module is loaded once. */
async function run(name: string, code: string): Promise<{ readonly printed: readonly string[]; readonly exports: any }> {
  mkdirSync(`${ROOT}${FOLDER}`, { recursive: true });
  writeFileSync(`${ROOT}${FOLDER}/${name}.ts`, `${code}\nexport { client };\n`);
  const printed: string[] = [];
  const log = vi.spyOn(console, 'log').mockImplementation((...values) => printed.push(values.join(' ')));
  const exports: unknown = await import(`${ROOT}${FOLDER}/${name}.ts`);
  log.mockRestore();
  return { printed, exports };
}

describe('Twilio’s Node client', () => {
  it('does here what its block says that it does', async () => {
    await serve();
    const [block] = readBlocks('docs/twilio-clients.md').filter(({ info }) => info === 'ts');
    if (block === undefined) throw new Error('there is no block');
    const expected = expectedOutput(block);
    expect(expected).toEqual(['pending pending false']);
    expect((await run('node', block.code)).printed).toEqual(expected);
  });

  it('is moved here by the lines in README, at most five of them, and back by unsetting what they read', async () => {
    const [block] = readBlocks('README.md').filter(({ info }) => info === 'diff');
    const lines = block?.code.split('\n') ?? [];
    expect(lines.length).toBeLessThanOrEqual(5);
    const added = lines.filter((line) => line.startsWith('+')).map((line) => line.slice(1));
    const code = ["import twilio from 'twilio';", ...added].join('\n');
    const url = await serve();
    const here = (await run('here', code)).exports.client;
    expect(here.verify.baseUrl).toBe(url);
    const { verifications } = here.verify.v2.services(process.env.VERIFY_SERVICE_SID ?? '');
    expect(await verifications.create({ to: '+14155552671', channel: 'sms' })).toMatchObject({ status: 'pending' });
    for (const name of ['VERIFY_URL', 'VERIFY_KEY', 'VERIFY_SECRET']) vi.stubEnv(name, undefined);
    vi.stubEnv('TWILIO_ACCOUNT_SID', `AC${'0'.repeat(32)}`);
    vi.stubEnv('TWILIO_AUTH_TOKEN', 'x'.repeat(32));
    const back = (await run('back', code)).exports.client;
    expect([back.verify.baseUrl, back.username]).toEqual(['https://verify.twilio.com', `AC${'0'.repeat(32)}`]);
  });
});

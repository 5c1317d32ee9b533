import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import twilio from 'twilio';
import { describe, expect, it, onTestFinished } from 'vitest';
import { decideUpdateService } from '../../src/engine/service-acts.ts';
import { toServiceKey } from '../../src/engine/service-record.ts';
import { createOutboxSender } from '../../src/index.ts';
import { createService } from '../../src/service/service.ts';
import { createSqliteStore } from '../../src/stores/sqlite.ts';
import { DEPLOYMENT } from '../tenants-world.ts';
import { createFolder, parseJson, type Run, runHere, SECRET } from './run-cli.ts';

const SID = `VA${'a1'.repeat(16)}`;
const OTHER_SID = `VA${'b2'.repeat(16)}`;
const env = { COUNTERSIGN_SECRET: SECRET, COUNTERSIGN_DATABASE: 'countersign.db' };

/** A service as Twilio answers it. */
const SHOP = {
  ...{ sid: SID, account_sid: `AC${'0'.repeat(32)}`, friendly_name: 'Shop', code_length: 8, lookup_enabled: false, psd2_enabled: false },
  ...{ skip_sms_to_landlines: false, dtmf_input_required: true, tts_name: null, do_not_share_warning_enabled: false },
  ...{ custom_code_enabled: true, push: { include_date: false, apn_credential_sid: null, fcm_credential_sid: null } },
  ...{ totp: { issuer: null, time_step: null, code_length: null, skew: null }, whatsapp: { msg_service_sid: null, from: null } },
  ...{ default_template_sid: null, verify_event_subscription_enabled: false, date_created: '2020-01-01T00:00:00Z' },
  ...{ date_updated: '2021-01-01T00:00:00Z', url: `https://verify.twilio.com/v2/Services/${SID}`, links: {} },
};

const BANK = {
  ...{ ...SHOP, sid: OTHER_SID, friendly_name: ' Bank ', code_length: 6, psd2_enabled: true, custom_code_enabled: false, lookup_enabled: true },
  ...{ tts_name: 'Polly.Amy', totp: { issuer: 'Bank', time_step: 30 }, whatsapp: { msg_service_sid: `MG${'0'.repeat(32)}`, from: null } },
  ...{ dtmf_input_required: false, push: { apn_credential_sid: `CR${'0'.repeat(32)}` }, passkeys: { relying_party: { id: 'bank.example' } } },
};

const page = (services: readonly object[], next: string | null = null) => ({ services, meta: { key: 'services', next_page_url: next } });

interface Place {
  readonly cwd: string;
  run(content: unknown, ...args: readonly string[]): Promise<Run>;
}

function createPlace(): Place {
  const cwd = createFolder();
  return {
    cwd,
    run(content, ...args) {
      writeFileSync(join(cwd, 'services.json'), typeof content === 'string' ? content : JSON.stringify(content));
      return runHere(['import', 'twilio-service', 'services.json', ...args], { cwd, env });
    },
  };
}

async function journalOf(cwd: string): Promise<readonly object[]> {
  const store = createSqliteStore({ path: join(cwd, 'countersign.db') });
  const { entries } = await store.entries({ limit: 100 }, undefined);
  await store.close();
  return entries.map(({ service, type, data }) => ({ service, type, by: JSON.parse(data).by }));
}

describe('countersign import twilio-service', () => {
  it('makes the services of a page under their own sids, and says what is left out', async () => {
    const { cwd, run } = createPlace();
    const first = await run(page([SHOP, BANK]));
    expect(first).toMatchObject({ exit: 0, stderr: '' });
    const lines = first.stdout.split('\n');
    expect(lines[0]).toBe(`${SID}  Shop: made`);
    expect(lines[1]).toBe(`${OTHER_SID}  Bank: made`);
    for (const what of [
      'lookup_enabled',
      'dtmf_input_required',
      'tts_name',
      'totp',
      'push.apn_credential_sid',
      'whatsapp.msg_service_sid',
      'passkeys',
    ])
      expect(lines.filter((line) => line.startsWith('    not offered here: ') && line.includes(what)).length, what).toBe(1);
    expect(lines.filter((line) => line.includes('not offered')).length).toBe(7);
    expect(await journalOf(cwd)).toEqual([SID, OTHER_SID].map((service) => ({ service, type: 'service_created', by: 'cli' })));
  });

  it('says of what is there that it is, and leaves it as it is', async () => {
    const { cwd, run } = createPlace();
    await run(SHOP);
    const again = await run(page([{ ...SHOP, friendly_name: 'Renamed' }, BANK]), '--json');
    expect(again.exit).toBe(0);
    expect(parseJson(again)).toEqual({
      services: [
        { id: SID, name: 'Renamed', outcome: 'already_there', leftOut: [] },
        { id: OTHER_SID, name: 'Bank', outcome: 'made', leftOut: expect.any(Array) },
      ],
      hasMore: false,
    });
    expect((await runHere(['services', 'list'], { cwd, env })).stdout).toContain(`${SID}  Shop`);
    expect((await journalOf(cwd)).length).toBe(2);
  });

  it('makes nothing where a sid is that of a service that was not made for these clients, and says so', async () => {
    const { cwd, run } = createPlace();
    await run(BANK);
    const store = createSqliteStore({ path: join(cwd, 'countersign.db') });
    await store.update(toServiceKey(OTHER_SID), decideUpdateService({ compatibility: null }, { id: OTHER_SID, deployment: DEPLOYMENT, by: 'cli' }));
    await store.close();
    const refused = await run(page([SHOP, BANK]));
    expect(refused).toMatchObject({ exit: 1, stdout: '' });
    expect(refused.stderr).toMatch(/services\[1\] cannot be made: a service of this id is there without `compatibility`/);
    expect((await journalOf(cwd)).length).toBe(2);
  });

  it('takes a sid in upper case for the same in lower case', async () => {
    const { run } = createPlace();
    const upper = { ...SHOP, sid: `VA${'A1'.repeat(16)}` };
    expect((await run(upper)).stdout).toBe(`${SID}  Shop: made\n`);
    expect((await run(page([SHOP, upper]))).stderr).toContain('services[1] has a sid that an earlier one has');
  });

  it('says that there is another page', async () => {
    const { run } = createPlace();
    expect((await run(page([], 'https://verify.twilio.com/v2/Services?Page=1'))).stdout).toBe(
      'There is no service in the file.\nThere is another page: ask for `meta.next_page_url` as well, and import it too.\n',
    );
  });

  it.each<[string, unknown, RegExp]>([
    ['no JSON', '{', /not JSON/],
    ['nothing', '', /not JSON/],
    ['something else', { code: 20003, message: 'Authenticate', status: 401 }, /the service has no sid/],
    ['a sid that is none', page([SHOP, { ...BANK, sid: 'VA1' }]), /services\[1\] has no sid/],
    ['a sid twice', page([SHOP, SHOP]), /services\[1\] has a sid that an earlier one has/],
    ['no name', page([SHOP, { ...BANK, friendly_name: null }]), /services\[1\] has no friendly_name/],
    ['a name that nobody sees', page([SHOP, { ...BANK, friendly_name: ' ' }]), /services\[1\] cannot be made: `name` must be/],
    ['a length beyond all', page([SHOP, { ...BANK, code_length: 11 }]), /services\[1\] cannot be made: `codeLength` must be/],
    ['a flag that is none', page([SHOP, { ...BANK, psd2_enabled: 'yes' }]), /services\[1\] has a psd2_enabled or custom_code_enabled/],
    ['no object', page([SHOP, null as unknown as object]), /services\[1\] is not what/],
  ])('makes nothing of a file with %s', async (_, content, message) => {
    const { cwd, run } = createPlace();
    const refused = await run(content);
    expect(refused).toMatchObject({ exit: 2, stdout: '' });
    expect(refused.stderr).toMatch(message);
    expect(await journalOf(cwd)).toEqual([]);
  });

  it('makes nothing of a file that is not there', async () => {
    const { cwd } = createPlace();
    const run = await runHere(['import', 'twilio-service', 'nothing.json'], { cwd, env });
    expect(run).toMatchObject({ exit: 2, stderr: expect.stringContaining('cannot be read') });
  });

  it('makes services that the client of before goes on with', async () => {
    const { cwd, run } = createPlace();
    await run(SHOP);
    const outbox = createOutboxSender();
    const store = createSqliteStore({ path: join(cwd, 'countersign.db') });
    const service = await createService(
      { secret: SECRET, port: 0 },
      { store, senders: [outbox], hasMetricsListener: false, log: { write: () => undefined } },
    );
    onTestFinished(() => service.close());
    const { url } = await service.listen();
    const { key, secret } = await service.tenants.createKey({ name: 'app', service: SID, scopes: ['start', 'check', 'read'] });
    const client = twilio(key.id.replace('SK', 'AC'), secret.reveal(), { region: '', edge: '' });
    client.verify.baseUrl = url;
    const to = '+14155552671';
    const { verifications, verificationChecks } = client.verify.v2.services(SID);
    await verifications.create({ to, channel: 'sms' });
    const { code } = outbox.last(to);
    expect(code).toMatch(/^\d{8}$/);
    expect(await verificationChecks.create({ to, code })).toMatchObject({ status: 'approved', serviceSid: SID });
    expect(await client.verify.v2.services(SID).fetch()).toMatchObject({ friendlyName: 'Shop', customCodeEnabled: true, psd2Enabled: false });
  });
});

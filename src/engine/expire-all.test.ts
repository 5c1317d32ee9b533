import { expect, it } from 'vitest';
import { createVerifier, expireAll } from '../index.ts';
import { createSelfIssuedProvider } from '../providers/self-issued.ts';
import { createMemoryStore } from '../stores/memory.ts';
import { TO } from '../testing/engine-bench.ts';
import { createRecordingSender } from '../testing/recording-sender.ts';

const secret = 'a secret of at least 32 bytes, for tests only';

it('ends what was begun before, for whoever begins after, and is in the journal', async () => {
  const store = createMemoryStore();
  const sender = createRecordingSender();
  const provider = createSelfIssuedProvider({ senders: [sender] });
  const { id } = (await createVerifier({ secret, store, provider }).start({ to: TO })) as { id: string };
  const code = sender.messagesTo(TO).at(-1)?.code.reveal() ?? '';
  const report = await expireAll({ secret, store });
  expect(report).toEqual({ status: 'expired', before: expect.any(Date) });
  const { entries } = await store.entries({ limit: 10 }, undefined);
  expect(entries.at(-1)).toMatchObject({ type: 'expire_all', at: report.before.getTime() });
  expect(await createVerifier({ secret, store, provider }).check({ id, code })).toEqual({ status: 'expired' });
});

it('is refused under another secret, and where nothing was begun', async () => {
  const store = createMemoryStore();
  await expect(expireAll({ secret, store })).rejects.toMatchObject({
    code: 'configuration_invalid',
    message: expect.stringContaining('never been used'),
  });
  await createVerifier({ secret, store, provider: createSelfIssuedProvider({ senders: [createRecordingSender()] }) }).start({ to: TO });
  await expect(expireAll({ secret: `another ${secret}`, store })).rejects.toMatchObject({ code: 'configuration_invalid', field: 'indexSecret' });
  await expect(expireAll({ secret: 'short', store })).rejects.toMatchObject({ code: 'configuration_invalid', field: 'secret' });
});

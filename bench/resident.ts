// Whether a service that has verified for a long time takes more memory than one that has just begun: what it remembers has to have an end.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createService } from '../src/service/service.ts';
import { createSqliteStore } from '../src/stores/sqlite.ts';
import { JOURNAL_RETENTION } from '../src/stores/store.ts';
import { connectHttp, type Post } from './lib/http-client.ts';
import { isQuick, writeReport } from './lib/report.ts';
import { formatNumber } from './lib/spread.ts';
import { SECRET, sender, toGuess, toPhoneNumber } from './lib/subject.ts';
import { withTemporaryFolder } from './lib/temporary-folder.ts';

/** Verifications after which the process is looked at; its clock is put on past all retention then, and what has expired swept. */
const STEP = isQuick ? 500 : 10_000;
const STEPS = isQuick ? 4 : 20;
const CONNECTIONS = 32;
const MOST = 1.3;

/** What the process that serves says of itself. */
interface Told {
  readonly port: number;
  readonly authorization: string;
  /** Bytes, after collecting garbage. */
  readonly resident: number;
  readonly heap: number;
  /** Records that were swept. */
  readonly swept: number;
}

if (process.argv[2] === 'serve') await serve(process.argv[3] ?? '');
else await withTemporaryFolder(main);

async function main(folder: string): Promise<void> {
  const child = fork(fileURLToPath(import.meta.url), ['serve', `${folder}/resident.db`], { execArgv: ['--expose-gc'] });
  const { port, authorization } = await hear(child);
  const http = await connectHttp({ port, connections: CONNECTIONS, authorization });
  const looks: Told[] = [];
  for (let step = 0; step < STEPS; step += 1) {
    let next = step * STEP;
    await Promise.all(
      http.map(async (post) => {
        while (next < (step + 1) * STEP) await verify(post, next++);
      }),
    );
    child.send('look');
    looks.push(await hear(child));
  }
  child.disconnect();
  await once(child, 'exit');
  const [first, last] = [looks[0] as Told, looks.at(-1) as Told];
  const mebibytes = (bytes: number) => `${formatNumber(bytes / 2 ** 20, 1)} MiB`;
  const ratio = last.resident / first.resident;
  const most = Math.max(...looks.map(({ resident }) => resident)) / first.resident;
  const [few, many] = [formatNumber(STEP), formatNumber(STEP * STEPS)];
  writeReport({
    name: 'resident',
    method: `One process that serves on a SQLite file, with every setting as it comes except for rates, which are high; a client in another process, ${CONNECTIONS} connections on loopback. A verification is a start and a right guess, each of another number. After every ${few} the clock of the store is put 31 days on, what has expired is swept until nothing is left to sweep, garbage is collected, and the process says what it has resident.`,
    rows: [
      {
        what: `resident after ${many} verifications : after ${few}`,
        measured: formatNumber(ratio, 2),
        target: { text: `≤ ${MOST}`, met: ratio <= MOST },
      },
      { what: `the most at any look : after ${few}`, measured: formatNumber(most, 2) },
      { what: `resident after ${few}`, measured: mebibytes(first.resident) },
      { what: `resident after ${many}`, measured: mebibytes(last.resident) },
      { what: `of it JavaScript's heap, after ${few}; after ${many}`, measured: `${mebibytes(first.heap)}; ${mebibytes(last.heap)}` },
      { what: 'records swept', measured: formatNumber(looks.reduce((sum, { swept }) => sum + swept, 0)) },
    ],
    data: { looks: looks.map(({ resident, heap, swept }) => ({ resident, heap, swept })) },
  });
}

async function verify(post: Post, index: number): Promise<void> {
  const { id } = await post('/v1/verifications', { to: toPhoneNumber(index) });
  const { code } = toGuess(String(id), true);
  const { status } = await post(`/v1/verifications/${String(id)}/check`, { code });
  if (status !== 'approved') throw new Error(`a right guess was answered ${String(status)}`);
}

async function hear(child: ChildProcess): Promise<Told> {
  const [told] = (await once(child, 'message')) as [Told];
  return told;
}

async function serve(path: string): Promise<void> {
  let ahead = 0;
  const store = createSqliteStore({ path, clock: { now: () => Date.now() + ahead } });
  const high = { keyPerMinute: 600_000, keyBurst: 100_000, addressPerMinute: 600_000, addressBurst: 100_000 };
  const service = await createService(
    { secret: SECRET, port: 0, rates: high, logLevel: 'silent' },
    { store, senders: [sender], hasMetricsListener: false },
  );
  const { id: tenant } = await service.tenants.createService({ name: 'bench' });
  const { key, secret } = await service.tenants.createKey({ name: 'bench', service: tenant, scopes: ['start', 'check'] });
  const authorization = `Basic ${Buffer.from(`${key.id}:${secret.reveal()}`).toString('base64')}`;
  const port = Number(new URL((await service.listen()).url).port);
  const tell = (swept: number) => {
    (globalThis as { gc?: () => void }).gc?.();
    const { rss, heapUsed } = process.memoryUsage();
    process.send?.({ port, authorization, resident: rss, heap: heapUsed, swept } satisfies Told);
  };
  process.on('message', async () => {
    ahead += JOURNAL_RETENTION + 86_400_000;
    let swept = 0;
    for (let removed = -1; removed !== 0; swept += removed) removed = await store.sweep(1_000);
    tell(swept);
  });
  process.on('disconnect', () => void service.close());
  tell(0);
}

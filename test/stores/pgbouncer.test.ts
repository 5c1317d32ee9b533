import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { createPostgresStore } from '../../src/stores/postgres.ts';
import { storeSuite } from '../../src/testing/testing.ts';
import { findPort, toOwner } from './private-servers.ts';
import { describeOn, emptyTables, inDatabase, POSTGRES, useDatabase } from './sql-servers.ts';
import { increment, keyOf } from './store-behaviour.ts';

/** It refuses to run as root. */
const OWNER = 'postgres';

/** PgBouncer in transaction mode, before the server that tests have. It has fewer connections there than clients, so that statements move between them. */
async function startPgBouncer(): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-pgbouncer-'));
  const owner = toOwner(OWNER);
  const port = await findPort();
  const server = new URL(POSTGRES.url);
  const settings = join(folder, 'pgbouncer.ini');
  const user = decodeURIComponent(server.username) || 'postgres';
  const secret = server.password === '' ? '' : ` password=${decodeURIComponent(server.password)}`;
  writeFileSync(
    settings,
    `[databases]
* = host=${server.hostname} port=${server.port || '5432'} user=${user}${secret}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 2
max_client_conn = 200
`,
    { mode: 0o600 },
  );
  if (owner.uid !== undefined) for (const path of [folder, settings]) chownSync(path, owner.uid, owner.gid ?? 0);
  const child: ChildProcess = spawn('pgbouncer', ['-q', settings], { ...owner, stdio: 'ignore' });
  const url = inDatabase(`postgres://${user}@127.0.0.1:${port}/any`, server.pathname.slice(1));
  for (;;) {
    if (child.exitCode !== null) throw new Error(`pgbouncer ended with ${child.exitCode}`);
    const answers = await POSTGRES.run(url, 'SELECT 1').then(
      () => true,
      () => false,
    );
    if (answers) break;
  }
  return {
    url,
    async stop() {
      child.kill('SIGINT');
      child.kill('SIGTERM');
      await once(child, 'exit');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const isInstalled = spawnSync('pgbouncer', ['--version'], { stdio: 'ignore' }).status === 0;
const TITLE = 'PostgreSQL store behind PgBouncer in transaction mode';

if (isInstalled) {
  await describeOn(POSTGRES, TITLE, () => {
    const database = useDatabase(POSTGRES);
    let bouncer: Awaited<ReturnType<typeof startPgBouncer>>;
    beforeAll(async () => {
      bouncer = await startPgBouncer();
    });
    afterAll(() => bouncer.stop());
    beforeEach(() => emptyTables(POSTGRES, database.url));
    const connect = (namedStatements: boolean) => createPostgresStore({ url: inDatabase(bouncer.url, database.name), poolSize: 6, namedStatements });

    storeSuite({ describe, it }, () => ({ connect: () => connect(false) }), { clock: false });

    it('is refused where statements are named, with what to set', async () => {
      const store = connect(true);
      onTestFinished(() => store.close());
      const many = Array.from({ length: 24 }, (_, index) => store.update(keyOf(`a${index}`), increment));
      const refused = (await Promise.allSettled(many)).filter((call) => call.status === 'rejected');
      expect(refused).not.toHaveLength(0);
      for (const { reason } of refused) expect(reason).toMatchObject({ message: expect.stringContaining('namedStatements: false') });
    });
  });
} else {
  const message = 'pgbouncer is not installed: its tests were SKIPPED';
  console.warn(`\n*** ${message}\n`);
  describe(`${TITLE}: ${message}`, () => it.todo('the whole suite'));
}

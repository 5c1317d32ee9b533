import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, statfsSync, truncateSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createSelfIssuedProvider, createVerifier } from '../../src/index.ts';
import { createRecordingSender } from '../../src/testing/recording-sender.ts';
import { createPrivateServer, describeWithPrivate } from './private-servers.ts';
import { inDatabase, MYSQL, POSTGRES } from './sql-servers.ts';
import { codeOf } from './store-behaviour.ts';

/** What a server needs to begin with, and a few MB in which to run out of room. */
const DISK_SIZE = '320m';

/** A disk that is small enough to be filled; undefined where nothing may be mounted here. */
function mountDisk(): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-disk-'));
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_SIZE},mode=1777`, 'tmpfs', folder], { stdio: 'ignore' });
  if (status === 0) return folder;
  rmSync(folder, { recursive: true });
  return undefined;
}

function unmount(folder: string): void {
  spawnSync('umount', [folder], { stdio: 'ignore' });
  rmSync(folder, { recursive: true, force: true });
}

/** Takes all the room that is left. */
function fill(folder: string): void {
  const file = openSync(join(folder, 'filler'), 'w');
  const block = Buffer.alloc(4_096);
  try {
    while (statfsSync(folder).bavail > 0) writeSync(file, block);
  } catch {
    // The server took the last of it.
  } finally {
    closeSync(file);
  }
}

const disk = mountDisk();
if (disk === undefined) {
  const message = 'nothing may be mounted here: the tests of a full disk were SKIPPED';
  console.warn(`\n*** ${message}\n`);
  describe(message, () => it.todo('I14 on a full disk'));
} else {
  unmount(disk);
  for (const server of [POSTGRES, MYSQL]) {
    describeWithPrivate(server, `${server.name}: a full disk`, () => {
      it('I14: sends nothing, approves nothing, says so, and all is well again when there is room, without a restart', async () => {
        const folder = mountDisk() ?? '';
        onTestFinished(() => unmount(folder));
        const own = await createPrivateServer(server, folder);
        onTestFinished(() => own.remove());
        const url = inDatabase(own.url, 'countersign');
        // With a binary log MariaDB waits a minute for room before it says anything; by then the store has given the statement up.
        await own.start(...(server === MYSQL ? ['--skip-log-bin'] : []));
        await server.run(own.url, 'CREATE DATABASE countersign');
        await server.migrate(url);
        const store = server.createStore({ url });
        onTestFinished(() => store.close());
        const sender = createRecordingSender();
        const verifier = createVerifier({
          secret: 'a secret of thirty-two characters!',
          store,
          provider: createSelfIssuedProvider({ senders: [sender] }),
        });
        let number = 2_125_550_000;
        const start = () => verifier.start({ to: `+1${number++}` });
        const before = await start();
        if (before.status !== 'pending') throw new Error(before.reason);
        const code = sender.messages[0]!.code.reveal();

        fill(folder);
        // What is preallocated may take some more.
        let refused: unknown;
        for (let starts = 0; refused === undefined && starts < 20_000; starts += 1)
          refused = await start().then(
            () => undefined,
            (error: unknown) => error,
          );
        const sent = sender.messages.length;
        expect(refused).toMatchObject({ code: 'store_unavailable', message: expect.stringContaining('disk of') });
        expect(await codeOf(start())).toBe('store_unavailable');
        // A row that is there already may have room on its page, and in the log: then what is answered is written.
        const checked = await verifier.check({ id: before.id, code }).catch((error: { code: string }) => ({ status: error.code }));
        expect(['approved', 'store_unavailable']).toContain(checked.status);
        expect(sender.messages).toHaveLength(sent);

        truncateSync(join(folder, 'filler'));
        for (;;) {
          const again = await verifier.check({ id: before.id, code }).catch(() => undefined);
          if (again === undefined) continue;
          expect(again.status).toBe(checked.status === 'approved' ? 'already_approved' : 'approved');
          break;
        }
        expect((await start()).status).toBe('pending');
      }, 120_000);
    });
  }
}

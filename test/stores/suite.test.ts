import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/stores/memory.ts';
import { createSqliteStore } from '../../src/stores/sqlite.ts';
import { type OpenStore, storeSuite } from '../../src/testing/testing.ts';
import { runStoreSuite } from './collecting-runner.ts';

describe('memory store', () => {
  storeSuite(
    { describe, it },
    ({ clock }) => {
      const store = createMemoryStore({ clock });
      return { connect: () => store };
    },
    { handles: false },
  );
});

describe('SQLite store', () => {
  storeSuite({ describe, it }, async ({ clock }) => {
    const folder = await mkdtemp(join(tmpdir(), 'countersign-suite-'));
    return {
      connect: () => createSqliteStore({ path: join(folder, 'data.db'), clock }),
      cleanup: () => rm(folder, { recursive: true }),
    };
  });
});

describe('a store that cannot do everything', () => {
  const open: OpenStore = ({ clock }) => {
    const store = createMemoryStore({ clock });
    return { connect: () => store };
  };

  it('has what it cannot do left out by name, and everything else tried', async () => {
    const all = await runStoreSuite(open);
    const some = await runStoreSuite(open, { clock: false, journal: false, list: false, sweep: false, handles: false });
    expect(some.failed).toEqual([]);
    expect(some.passed.length + some.leftOut.length).toBe(all.passed.length + all.failed.length);
    expect(some.leftOut).toContain('NOT HELD TO (list: false): A list is in the order of its ids, the same on every store');
    expect(some.leftOut).toContain('NOT HELD TO (clock: false, sweep: false, journal: false): An old journal entry is kept for thirty days');
  });

  it('has it in the titles of tests that pass, where the runner cannot skip', () => {
    const titles: string[] = [];
    storeSuite({ describe: (_title, body) => body(), it: (title) => titles.push(title) }, open, { handles: false });
    expect(titles).toContain('NOT HELD TO (handles: false): What was answered outlives the process that wrote it');
    expect(titles).toContain(
      'NOT HELD TO (handles: false): What is promised over several processes is tried over several: each has a handle of its own',
    );
  });

  it('is told by its name to say that its handles are one', async () => {
    const { failed } = await runStoreSuite(open);
    const closing = failed.find(({ title }) => title.startsWith("Closing one process's handle"));
    expect(closing?.message).toContain('handles: false');
    const sharing = failed.find(({ title }) => title.startsWith('What is promised over several processes'));
    expect(sharing?.message).toMatch(/one object twice, .* handles: false/);
  });
});

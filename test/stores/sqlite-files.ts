import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { loadSqliteDriver, type SqliteDatabase } from '../../src/stores/sqlite-driver.ts';

/** Hands out paths in folders of their own, and removes the folders after each test. */
export function useTemporaryFiles(): (name?: string) => string {
  const folders: string[] = [];
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  });
  return (name = 'test.db') => {
    const folder = mkdtempSync(join(tmpdir(), 'countersign-sqlite-'));
    folders.push(folder);
    return join(folder, name);
  };
}

/** A connection of the test's own to a file, with the driver the store uses. */
export function connect(path: string): SqliteDatabase {
  const { DatabaseSync } = loadSqliteDriver();
  return new DatabaseSync(path);
}

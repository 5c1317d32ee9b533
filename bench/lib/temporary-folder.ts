import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';

/** Runs `work` with a folder on a disk, and removes it afterwards. `TMPDIR` says where; in memory there would be nothing to flush. */
export async function withTemporaryFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(`${tmpdir()}/countersign-bench-`);
  try {
    await work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

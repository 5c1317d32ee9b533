import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Bundles TypeScript of this repository to plain JavaScript that Node 20 runs, packages left outside, into a folder below reports/. */
export async function bundle(files, folder, options = {}) {
  await build({
    entryPoints: files.map((file) => `${root}${file}`),
    outdir: `${root}reports/${folder}`,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    sourcemap: 'inline',
    logLevel: 'error',
    ...options,
  });
}

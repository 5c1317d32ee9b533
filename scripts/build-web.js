// The lie this prevents: "it works in a browser without a bundler". tsc writes one file per module and copies an import of a style sheet as it stands,
// and no browser can load that.
// It makes of each entry of web/ one minified file in dist/web, without network and without anything of this machine in it. Types come from tsc.
// Seen to fail: with an entry that is not there.
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const ENTRIES = [
  { entry: 'code-input', format: 'es' },
  // A plain script: no import, no export, no name left behind.
  { entry: 'countersign-code', format: 'iife' },
];

const root = fileURLToPath(new URL('../web', import.meta.url));

for (const { entry, format } of ENTRIES) {
  await build({
    root,
    configFile: false,
    envDir: false,
    logLevel: 'warn',
    build: {
      outDir: '../dist/web',
      emptyOutDir: false,
      // The browsers that have what the element is made of: form-associated elements, adopted style sheets, light-dark().
      target: ['chrome123', 'firefox120', 'safari17.5'],
      lib: { entry: `${entry}.ts`, formats: [format], fileName: () => `${entry}.js`, name: 'countersign' },
      rolldownOptions: { output: { minify: true } },
    },
  });
}

// The lie this prevents: "it works in a browser without a bundler". tsc writes one file per module and copies an import of a style sheet as it stands,
// and no browser can load that.
// It makes of each entry of web/ one minified file in dist/web, and of the pages in web/ what a server hands out, without network and without anything of this machine in it. Types come from tsc.
// Seen to fail: with an entry that is not there.
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const ENTRIES = [
  { entry: 'code-input', format: 'es' },
  // A plain script: no import, no export, no name left behind.
  { entry: 'countersign-code', format: 'iife' },
];

/** The browsers that have what the element is made of: form-associated elements, adopted style sheets, light-dark(). */
const target = ['chrome123', 'firefox120', 'safari17.5'];

/** People open the hosted page with what they have, and it asks for less. By `ios` a prefix stays that keeps iPhones from enlarging text. */
const pageTarget = ['chrome100', 'firefox100', 'safari15.4', 'ios15.4'];

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
      target,
      lib: { entry: `${entry}.ts`, formats: [format], fileName: () => `${entry}.js`, name: 'countersign' },
      rolldownOptions: { output: { minify: true } },
    },
  });
}

// The hosted page, as two files under fixed names: src/service/page-files.ts knows them.
await build({
  root: `${root}/page`,
  configFile: false,
  envDir: false,
  logLevel: 'warn',
  build: {
    outDir: '../../dist/web/page',
    emptyOutDir: false,
    target: pageTarget,
    modulePreload: false,
    rolldownOptions: {
      input: { page: fileURLToPath(new URL('../web/page/page.ts', import.meta.url)) },
      output: { minify: true, entryFileNames: 'page.js', assetFileNames: 'page.css' },
    },
  },
});

// The page of `countersign dev`, as files under fixed names: src/service/inbox-files.ts knows them.
await build({
  root: `${root}/inbox`,
  base: '/inbox/',
  configFile: false,
  envDir: false,
  logLevel: 'warn',
  build: {
    outDir: '../../dist/web/inbox',
    emptyOutDir: false,
    target,
    assetsInlineLimit: 0,
    modulePreload: false,
    rolldownOptions: {
      output: {
        minify: true,
        entryFileNames: 'inbox.js',
        assetFileNames: ({ names: [name = ''] }) => (name.endsWith('.css') ? 'inbox.css' : '[name][extname]'),
      },
    },
  },
});

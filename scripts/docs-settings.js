// The lie this prevents: a page of settings that were there last year. A list of variables kept by hand drifts from the schema that reads them.
// It writes docs/settings.md from src/service/settings-schema.ts alone. `--check` writes nothing and fails when the page is stale; test/service does that.
// Seen to fail: with a default changed, with a setting added, and with a setting that has no description.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const source = new URL('../src/service/setting-names.ts', import.meta.url);
const page = new URL('../docs/settings.md', import.meta.url);
const bundle = new URL('../reports/docs-settings.mjs', import.meta.url);

/** The source is bundled here, not taken from dist/: the page must not depend on when somebody built last. */
const options = { bundle: true, format: 'esm', platform: 'node', packages: 'external', logLevel: 'error' };
await build({ entryPoints: [fileURLToPath(source)], outfile: fileURLToPath(bundle), ...options });
const { SETTINGS } = await import(bundle.href);

const text = render();
if (!process.argv.includes('--check')) {
  writeFileSync(page, text);
  console.log(`docs-settings: ${SETTINGS.length} settings written to docs/settings.md`);
} else if (readFileSync(page, 'utf8') !== text) {
  console.error('docs-settings: docs/settings.md is stale; run `node scripts/docs-settings.js`');
  process.exit(1);
} else {
  console.log('docs-settings: docs/settings.md says what the schema does');
}

function render() {
  const limits = SETTINGS.filter(({ name }) => name.startsWith('limits.'));
  const others = SETTINGS.filter((setting) => !limits.includes(setting));
  return `# Settings of the service

<!-- Written by scripts/docs-settings.js from src/service/settings-schema.ts. Change it there. -->

For \`countersign serve\`, \`doctor\`, \`services\` and \`keys\`. Each is a variable of the environment; all but \`secret\` and what else is
secret are as well kept in a JSON file, which \`COUNTERSIGN_CONFIG\` names. What both say is taken from the environment. A variable that
begins with \`COUNTERSIGN_\` and is none of these, one that is empty, and anything in the file that is no setting is an error that names it.

\`\`\`json
{
  "host": "0.0.0.0",
  "publicUrl": "https://verify.example.com",
  "allowedCountries": ["DE", "AT"],
  "smtp": { "from": "Example <no-reply@example.com>" },
  "limits": { "sendsPerDay": 5 }
}
\`\`\`

In a variable a list is written with commas between.

| in the file | variable | what it says | default |
|---|---|---|---|
${others.map(renderRow).join('\n')}

## Limits

Those of the engine, for the whole deployment: [what each does, and its range](limits.md). Durations are whole seconds here.

| in the file | variable | default |
|---|---|---|
${limits.map(renderLimit).join('\n')}
`;
}

function renderRow({ name, variable, schema }) {
  if (!schema.description) throw new Error(`docs-settings: ${name} has no description`);
  return `| \`${name}\` | ${renderVariable(variable)} | ${schema.description} | ${renderDefault(schema)} |`;
}

function renderLimit({ name, variable, schema }) {
  return `| \`${name}\` | ${renderVariable(variable)} | ${renderDefault(schema)} |`;
}

function renderVariable(variable) {
  return variable === undefined ? 'none' : `\`${variable}\``;
}

function renderDefault({ default: value, otherwise = 'none' }) {
  if (value === undefined) return otherwise;
  return Array.isArray(value) && value.length === 0 ? 'none' : `\`${value}\``;
}

import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { expect, it, onTestFinished } from 'vitest';
import { ROOT } from '../docs/blocks.ts';

/** What is run is what is published: `npm test` builds first. */
const PROGRAM = `
import { createMemoryStore, createSelfIssuedProvider, createVerifier } from 'countersign';
import { createSmtpSender } from 'countersign/senders/smtp';

const email = createSmtpSender({ url: 'smtp://127.0.0.1:1', from: 'no-reply@example.com' });
const provider = createSelfIssuedProvider({ senders: [email] });
const verifier = createVerifier({ secret: 'a secret of at least thirty-two bytes', store: createMemoryStore(), provider });
await verifier.start({ to: 'someone@example.net' }).catch(({ code, message }) => console.log(code + ': ' + message));
`;

it('says what to install where nodemailer is not, and only once somebody sends', () => {
  const folder = mkdtempSync(`${tmpdir()}/countersign-smtp-`);
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const file of ['dist', 'package.json']) cpSync(`${ROOT}${file}`, `${folder}/node_modules/countersign/${file}`, { recursive: true });
  cpSync(`${ROOT}node_modules/libphonenumber-js`, `${folder}/node_modules/libphonenumber-js`, { recursive: true });
  const printed = execFileSync(process.execPath, ['--input-type=module', '--eval', PROGRAM], { cwd: folder, env: {}, encoding: 'utf8' });
  expect(printed).toBe('configuration_invalid: the SMTP sender needs the package nodemailer: install it with "npm install nodemailer"\n');
});

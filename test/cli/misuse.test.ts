import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createFolder, PHONE, parseJson, runCli, runHere } from './run-cli.ts';

const ID = `VE${'0'.repeat(32)}`;
const EMAIL = 'someone@example.com';

/** Arguments, code of the error, and what is typed that nobody may read again. */
const MISUSES: Readonly<Record<string, readonly [args: readonly string[], code: string, secret?: string]>> = {
  'an empty destination': [['start', ''], 'invalid_destination'],
  'a destination of blanks': [['start', '   '], 'invalid_destination'],
  '10 kB of a destination': [['start', '5'.repeat(10_000)], 'invalid_destination', '55555'],
  'two numbers in one': [['start', `${PHONE},${PHONE}`], 'invalid_destination', '2025550143'],
  'two addresses in one': [['start', `${EMAIL},${EMAIL}`], 'invalid_destination', 'someone'],
  'two numbers in a row': [['start', PHONE, PHONE], 'invalid_request', '2025550143'],
  'a number without its plus': [['start', '2025550143'], 'invalid_destination', '2025550143'],
  'a number that no one has': [['start', '+12005550143'], 'invalid_destination', '2005550143'],
  'a number that looks like an option': [['start', '-2025550143x'], 'invalid_request', '2025550143'],
  'a number for a command': [[PHONE], 'invalid_request', '2025550143'],
  'an address for a command': [[EMAIL], 'invalid_request', 'someone'],
  'a number for a channel': [['start', PHONE, '--channel', PHONE], 'invalid_request', '2025550143'],
  'a number for an option': [['start', PHONE, `--to=${PHONE}`], 'invalid_request', '2025550143'],
  'an unknown channel': [['start', PHONE, '--channel', 'pigeon'], 'invalid_request', '2025550143'],
  'a purpose of blanks': [['start', PHONE, '--purpose', ' '], 'invalid_request', '2025550143'],
  'an empty requester': [['start', PHONE, '--requester', ''], 'invalid_request', '2025550143'],
  'an empty code': [['check', ID, ''], 'invalid_code'],
  'letters for a code': [['check', ID, '12345a'], 'invalid_code', '12345'],
  '10 kB of a code': [['check', ID, '8'.repeat(10_000)], 'invalid_code', '88888'],
  'two codes': [['check', ID, '847362', '847363'], 'invalid_request', '84736'],
  'a code like an option': [['check', ID, '--847362'], 'invalid_request', '84736'],
  'a short attempt id': [['check', ID, '847362', '--attempt-id', 'short'], 'invalid_request', '84736'],
  'an empty id': [['show', ''], 'invalid_request'],
  'no id': [['show'], 'invalid_request'],
  'no code': [['check', ID], 'invalid_request'],
  'an unknown command': [['verify', PHONE], 'invalid_request', '2025550143'],
  'an unknown option': [['show', ID, '--verbose'], 'invalid_request'],
  'an empty destination to unblock': [['unblock', ''], 'invalid_destination'],
  'an empty destination to erase': [['erase', ''], 'invalid_destination'],
};

describe('misuse', () => {
  it.each(Object.entries(MISUSES))('%s ends with 2, tells what is wrong and repeats nothing of it', async (_, [args, code, secret]) => {
    const cwd = createFolder();
    const human = await runHere(args, { cwd });
    const json = await runHere([...args, '--json'], { cwd });
    expect([human.exit, human.stdout, json.exit]).toEqual([2, '', 2]);
    expect(human.stderr).toMatch(new RegExp(`^(Made .*\n)*error: .+ \\(${code}\\)\n$`));
    expect(parseJson(json)).toMatchObject({ error: { code, message: expect.any(String), docs: `docs/errors/${code}.md` } });
    if (secret !== undefined) expect(human.stderr + json.stdout + json.stderr).not.toContain(secret);
  });

  it('ends a process with 2, and prints no trace', async () => {
    const cwd = createFolder();
    const commands = [['start', ''], ['start', PHONE, PHONE], [PHONE], ['check', ID, 'x'], ['start', PHONE, '--db'], ['start', '', '--json']];
    const runs = await Promise.all(commands.map((args) => runCli(args, { cwd })));
    expect(runs.map(({ exit, stdout }) => [exit, stdout === ''])).toEqual([...Array(5).fill([2, true]), [2, false]]);
    for (const { stdout, stderr } of runs) {
      expect(stdout + stderr).toMatch(/^(error: .+|\{"error":.+\})\n$/);
      expect(stderr).not.toContain('2025550143');
    }
  });

  it('leaves no files behind where the destination or the code is at fault', async () => {
    const cwd = createFolder();
    await Promise.all(
      [['start', '1'], ['check', ID, 'x'], ['unblock', ''], ['erase', 'a@'], ['start'], ['nothing']].map((args) => runCli(args, { cwd })),
    );
    expect(readdirSync(cwd)).toEqual([]);
  });

  it('suggests what was meant', async () => {
    const cwd = createFolder();
    expect((await runHere(['stat', PHONE], { cwd })).stderr).toMatch(
      /^error: unknown command 'stat' \(Did you mean start\?\); see "npx countersign --help"/,
    );
    expect((await runHere(['show', ID, '--jsno'], { cwd })).stderr).toMatch(/^error: unknown option '--jsno' \(Did you mean --json\?\)/);
  });

  it('shows its help on standard error when no command is given, and on standard output when asked', async () => {
    const cwd = createFolder();
    expect(await runCli([], { cwd })).toMatchObject({ exit: 2, stdout: '', stderr: expect.stringMatching(/^Usage: countersign/) });
    const help = await runCli(['--help'], { cwd });
    expect(help).toMatchObject({ exit: 0, stderr: '' });
    for (const name of ['start', 'check', 'resend', 'cancel', 'show', 'unblock', 'erase', 'expire-all', 'import', 'demo'])
      expect(help.stdout).toContain(`\n  ${name} `);
    expect(await runCli(['--version'], { cwd })).toMatchObject({ exit: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+/) });
  });
});

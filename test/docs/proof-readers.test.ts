import { execFile, spawnSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { parseDestination } from '../../src/core/destination.ts';
import { createKeyRing } from '../../src/core/keys.ts';
import { createProofTokens } from '../../src/engine/proof-tokens.ts';
import { ROOT, readBlocks } from './blocks.ts';

const run = promisify(execFile);

const PAGE = 'docs/proof.md';
const JWKS = 'https://verify.example.com/.well-known/jwks.json';
const AUDIENCE = 'VA0123456789abcdef0123456789abcdef';
const PHONE = '+14155552671';
const NONCE = 'a nonce of the reader';

/** What a reader is brought, and what it is to say: `error` where it is no proof at all, `false` where it is a good one that is not for this. */
interface Case {
  readonly title: string;
  readonly token: string;
  readonly nonce: string;
  readonly says: 'true' | 'false' | 'error';
}

const keys = createKeyRing({ secret: 'a secret of at least thirty-two bytes' });
const proofs = createProofTokens({ keys, issuer: 'https://verify.example.com' });

/** Where the keys are published for readers of this test. */
let published = '';
const server = createServer((_, response) => response.setHeader('content-type', 'application/json').end(JSON.stringify(proofs.jwks())));
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  published = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`;
});
afterAll(() => void server.close());

interface Difference {
  readonly id?: string;
  readonly to?: string;
  readonly purpose?: string;
  readonly audience?: string;
  readonly issuer?: string;
  readonly secret?: string;
  readonly ago?: number;
  readonly test?: boolean;
}

function sign({ id = '1', to = PHONE, purpose = 'login', audience = AUDIENCE, ago = 0, test = false, secret, issuer }: Difference = {}): string {
  const signing =
    secret === undefined && issuer === undefined
      ? proofs
      : createProofTokens({ keys: secret === undefined ? keys : createKeyRing({ secret }), issuer: issuer ?? 'https://verify.example.com' });
  const proof = { verificationId: `VE${id.padStart(32, '0')}`, service: `VA${'0'.repeat(32)}`, purpose, channel: 'sms' as const };
  const approved = { destination: parseDestination(to), approvedAt: new Date(Date.now() - ago) };
  return signing.sign({ ...proof, ...approved }, { audience, nonce: NONCE, test });
}

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** The same claims under another header, signed as that says. */
function forge(token: string, header: object, toSignature: (input: string) => string): string {
  const input = `${encode(header)}.${token.split('.')[1]}`;
  return `${input}.${toSignature(input)}`;
}

async function listCases(): Promise<readonly Case[]> {
  const good = await sign();
  const [header = '', claims = '', signature = ''] = (await sign({ id: '2' })).split('.');
  const [{ kid, x = '' } = {}] = proofs.jwks().keys;
  const other = JSON.stringify({ ...JSON.parse(Buffer.from(claims, 'base64url').toString()), phone_number: '+14155552672' });
  const cases: readonly (readonly [string, string, Case['says'], string?])[] = [
    ['good', good, 'true'],
    ['good, a second time', good, 'false'],
    ['good, for another start', await sign({ id: '3' }), 'false', 'another nonce'],
    ['of another number', await sign({ id: '4', to: '+14155552672' }), 'false'],
    ['of another purpose', await sign({ id: '5', purpose: 'signup' }), 'false'],
    ['of a test number', await sign({ id: '6', test: true }), 'false'],
    ['good, another', await sign({ id: '7' }), 'true'],
    ['for another reader', await sign({ id: '8', audience: 'https://other.example.com' }), 'error'],
    ['of another service', await sign({ id: '9', issuer: 'https://other.example.com' }), 'error'],
    ['over', await sign({ id: '10', ago: 301_000 }), 'error'],
    ['signed by another key', await sign({ id: '11', secret: 'another secret, of thirty-two bytes' }), 'error'],
    ['changed', `${header}.${Buffer.from(other).toString('base64url')}.${signature}`, 'error'],
    ['signed by nobody', forge(good, { alg: 'none', kid }, () => ''), 'error'],
    [
      'signed with the public key as a secret',
      forge(good, { alg: 'HS256', kid }, (input) => createHmac('sha256', Buffer.from(x, 'base64url')).update(input).digest('base64url')),
      'error',
    ],
    ['no token', 'a.b', 'error'],
  ];
  return cases.map(([title, token, says, nonce = NONCE]) => ({ title, token, says, nonce }));
}

/** The blocks of a language, made to look for the keys where the test has them. */
const codeOf = (language: string) =>
  readBlocks(PAGE)
    .filter(({ info }) => info.split(' ')[0] === language)
    .map(({ code }) => code.replaceAll(JWKS, published))
    .join('\n');

async function expectSays(read: (cases: readonly Case[]) => Promise<readonly string[]>): Promise<void> {
  const cases = await listCases();
  const said = await read(cases);
  expect(cases.map(({ title }, index) => [title, said[index]])).toEqual(cases.map(({ title, says }) => [title, says]));
}

/** A folder of the test's own, gone with it. */
function createFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-proof-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const toInput = (cases: readonly Case[]) => JSON.stringify(cases.map(({ token, nonce }) => ({ token, nonce, phone: PHONE })));

/** Where a language is not here its page is not tried, and that is said loudly. */
function describeReader(language: string, program: string | undefined, needs: string, body: (program: string) => void): void {
  const message = `SKIPPED: docs/proof.md was not run in ${language}. Install ${needs}`;
  if (program === undefined) console.warn(`\n*** ${message}\n`);
  describe.runIf(program !== undefined)(`the reader of proofs in ${language}${program === undefined ? `: ${message}` : ''}`, () =>
    body(program ?? ''),
  );
}

const find = (programs: readonly string[], args: readonly string[]) =>
  programs.find((program) => spawnSync(program, args, { stdio: 'ignore' }).status === 0);

describe('the reader of proofs in Node', () => {
  it('accepts each good proof once, and nothing else', () =>
    expectSays(async (cases) => {
      // Inside the repository, so that packages are found; ignored by git.
      const folder = `${ROOT}reports/docs-proof/${process.pid}`;
      mkdirSync(folder, { recursive: true });
      onTestFinished(() => rmSync(folder, { recursive: true }));
      const code = codeOf('ts').replaceAll(/^console\.log\(.*$/gm, '');
      writeFileSync(`${folder}/reader.ts`, `${code}\nexport { acceptProof };\n`);
      const { acceptProof } = (await import(`${folder}/reader.ts`)) as { acceptProof(proof: string, expected: object): Promise<boolean> };
      const said: string[] = [];
      for (const { token, nonce } of cases) said.push(await acceptProof(token, { nonce, phoneNumber: PHONE }).then(String, () => 'error'));
      return said;
    }));
});

const PYTHON = `
import json, sys
def says(case):
    try:
        return str(accept_proof(case["token"], case["nonce"], case["phone"])).lower()
    except Exception:
        return "error"
print(json.dumps([says(case) for case in json.loads(sys.argv[1])]))
`;

describeReader('Python', find(['python3', '/usr/bin/python3'], ['-c', 'import jwt, cryptography']), 'python3 with PyJWT[crypto]', (python) => {
  it('accepts each good proof once, and nothing else', () =>
    expectSays(async (cases) => {
      const { stdout } = await run(python, ['-c', `${codeOf('python')}\n${PYTHON}`, toInput(cases)]);
      return JSON.parse(stdout) as string[];
    }));
});

const GO = `package main

import (
	"encoding/json"
	"fmt"
	"os"
)

func main() {
	var cases []struct{ Token, Nonce, Phone string }
	if err := json.Unmarshal([]byte(os.Args[1]), &cases); err != nil {
		panic(err)
	}
	said := []string{}
	for _, c := range cases {
		isAccepted, err := AcceptProof(c.Token, c.Nonce, c.Phone)
		if err != nil {
			said = append(said, "error")
		} else {
			said = append(said, fmt.Sprint(isAccepted))
		}
	}
	json.NewEncoder(os.Stdout).Encode(said)
}
`;

describeReader('Go', find(['go'], ['version']), 'Go', (go) => {
  it('accepts each good proof once, and nothing else', () =>
    expectSays(async (cases) => {
      const folder = createFolder();
      writeFileSync(join(folder, 'go.mod'), 'module example\n\ngo 1.18\n');
      writeFileSync(join(folder, 'proof.go'), codeOf('go').replace('package proof', 'package main'));
      writeFileSync(join(folder, 'main.go'), GO);
      await run(go, ['vet', '.'], { cwd: folder });
      const { stdout } = await run(go, ['run', '.', toInput(cases)], { cwd: folder });
      return JSON.parse(stdout) as string[];
    }));
});

// What HTTP adds to a guess: `POST /v1/verifications/{id}/check` against a bare Fastify route with the same schemas, and against the library alone.
import { fileURLToPath } from 'node:url';
import { fastify } from 'fastify';
import { VERIFICATION_OPERATIONS } from '../src/http/rest/verifications.ts';
import { createMemoryStore, type Store } from '../src/index.ts';
import { guessOverHttp, listenService, portOf } from './lib/bench-service.ts';
import { openStore } from './lib/hot-worker.ts';
import { type HttpClient, runHttpClient, startHttpClient } from './lib/http-client.ts';
import { type Load, runLoad } from './lib/load.ts';
import { isQuick, type Row, writeReport } from './lib/report.ts';
import { SHARED } from './lib/shared-data.ts';
import { shuffle } from './lib/shuffle.ts';
import { formatSpread, toSpread } from './lib/spread.ts';
import { checkGuess, createSubject, type Guess, startNew, toGuesses, toPhoneNumber } from './lib/subject.ts';

const ROUNDS = isQuick ? 2 : 9;
const WARM_UP_ROUNDS = isQuick ? 1 : 3;
const OPERATIONS = isQuick ? 400 : 4_000;
const CONNECTIONS = 32;
const LEAST = { ofBare: 0.5, ofLibrary: 0.7 } as const;

/** The same guesses, or as many, one after the other: over HTTP, at a route that does nothing, and without HTTP. */
interface Round {
  readonly service: Load;
  readonly bare: Load;
  readonly library: Load;
}

/** A store that is measured. */
interface Subject {
  readonly store: Store;
  /** Where verifications are started: another one than that which checks, where there can be two. */
  readonly starting: Store;
}

if (process.argv[2] === 'client') runHttpClient();
else await main();

async function main(): Promise<void> {
  const client = startHttpClient(fileURLToPath(import.meta.url));
  const bare = await listenBare();
  const measured: { readonly product: string; readonly rounds: Round[] }[] = [];
  const memory = createMemoryStore();
  measured.push({ product: 'memory', rounds: await measure({ store: memory, starting: memory }, client, bare.port) });
  for (const withData of SHARED) {
    await withData(async (target, product) => {
      if (target.name !== 'PostgreSQL' && target.name !== 'Redis') return;
      const starting = openStore(target);
      measured.push({ product, rounds: await measure({ store: openStore(target), starting }, client, bare.port) });
      await starting.close();
    });
  }
  client.close();
  await bare.close();
  writeReport({
    name: 'service',
    method: `\`POST /v1/verifications/{id}/check\` of one process with every setting as it comes, except for rates, which are high; logs go to /dev/null. A client in a process of its own, ${CONNECTIONS} connections on loopback, each with one request in flight; ${ROUNDS} rounds after ${WARM_UP_ROUNDS} to warm up, each of ${OPERATIONS} guesses at the service, the bare route and the library, in an order that turns. Figures are medians (least–most); a ratio is that of operations per second within one round. Each guess is at a verification of its own, in random order, half of them right: those are answered with a signed proof. On PostgreSQL and Redis another store than the one that checks has started them, so that each is read. Bare: a Fastify route in the same process with the same schemas for path, body and answer, which it serializes by, sent the same requests; it looks at no key and answers a constant. Library: \`check\` of a verifier on the same store, ${CONNECTIONS} calls in flight, without HTTP. CPU is that of the process that serves.`,
    rows: measured.flatMap(({ product, rounds }) => toRows(product, rounds)),
    data: measured,
  });
}

/** The least that answering such a request takes. */
async function listenBare(): Promise<{ readonly port: number; close(): Promise<void> }> {
  const check = VERIFICATION_OPERATIONS.find(({ id }) => id === 'checkVerification');
  const app = fastify({ logger: false });
  const approved = { status: 'approved', verificationId: `VE${'0'.repeat(32)}`, token: 'x'.repeat(450) };
  const wrong = { status: 'pending', reason: 'wrong_code', attemptsLeft: 4 };
  const schema = { params: check?.params, body: check?.body, response: { 200: check?.responses[200]?.schema } };
  let answers = 0;
  app.post('/v1/verifications/:id/check', { schema }, async () => {
    answers += 1;
    return answers % 2 === 0 ? wrong : approved;
  });
  return { port: portOf(await app.listen({ port: 0, host: '127.0.0.1' })), close: () => app.close() };
}

async function measure({ store, starting }: Subject, client: HttpClient, barePort: number): Promise<Round[]> {
  const service = await listenService(store);
  const { port, tenant, authorization } = service;
  const [starter, library] = [createSubject(starting, tenant), createSubject(store, tenant)];
  let numbers = 0;

  const startAll = async (round: number): Promise<Guess[]> => {
    const ids: string[] = [];
    await runLoad(OPERATIONS, CONNECTIONS, async () => ids.push(await startNew(starter, toPhoneNumber(numbers++))));
    return toGuesses(shuffle(ids, round));
  };
  const overHttp = async (to: number, guesses: readonly Guess[]): Promise<Load> => {
    const requests = guesses.map(({ id, code }) => ({ path: `/v1/verifications/${id}/check`, body: JSON.stringify({ code }) }));
    return guessOverHttp(client, { port: to, connections: CONNECTIONS, authorization, requests });
  };

  const rounds: Round[] = [];
  for (let round = 0; round < WARM_UP_ROUNDS + ROUNDS; round += 1) {
    const [forService, forLibrary] = [await startAll(round), await startAll(round)];
    const loads: Partial<Record<keyof Round, Load>> = {};
    const runs: readonly (() => Promise<unknown>)[] = [
      async () => (loads.service = await overHttp(port, forService)),
      async () => (loads.bare = await overHttp(barePort, forService)),
      async () => (loads.library = await runLoad(OPERATIONS, CONNECTIONS, (index) => checkGuess(library, forLibrary[index] as Guess))),
    ];
    // Each comes first, second and last equally often.
    for (let turn = 0; turn < runs.length; turn += 1) await runs[(round + turn) % runs.length]?.();
    if (round >= WARM_UP_ROUNDS) rounds.push(loads as Round);
  }
  await service.close();
  return rounds;
}

/** The memory store is judged by the bare route; a server by that or by the library on it, whichever asks for less. */
function toRows(product: string, rounds: readonly Round[]): Row[] {
  const ratioTo = (other: 'bare' | 'library') => toSpread(rounds.map((round) => round.service.opsPerSecond / round[other].opsPerSecond));
  const [ofBare, ofLibrary] = [ratioTo('bare'), ratioTo('library')];
  const isMemory = product === 'memory';
  const isMet = ofBare.median >= LEAST.ofBare || (!isMemory && ofLibrary.median >= LEAST.ofLibrary);
  const text = isMemory ? `≥ ${LEAST.ofBare}` : `≥ ${LEAST.ofBare}, or the next ≥ ${LEAST.ofLibrary}`;
  const of = (side: keyof Round, field: keyof Load, digits: number) => formatSpread(toSpread(rounds.map((round) => round[side][field])), digits);
  return [
    { what: `${product}: service : bare route`, measured: formatSpread(ofBare, 2), target: { text, met: isMet } },
    { what: `${product}: service : library alone`, measured: formatSpread(ofLibrary, 2) },
    ...(['service', 'bare', 'library'] as const).flatMap((side) => [
      { what: `${product}: ${side}, operations per second`, measured: of(side, 'opsPerSecond', 0) },
      { what: `${product}: ${side}, CPU µs per operation`, measured: of(side, 'cpuMicros', 1) },
    ]),
  ];
}

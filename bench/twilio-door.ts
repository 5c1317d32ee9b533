// What a guess costs through Twilio's door: `VerificationCheck` by sid and by number against `POST /v1/verifications/{id}/check` of the same service.
import { fileURLToPath } from 'node:url';
import { createMemoryStore, type Store } from '../src/index.ts';
import { guessOverHttp, listenService } from './lib/bench-service.ts';
import { openStore } from './lib/hot-worker.ts';
import { type HttpClient, runHttpClient, startHttpClient } from './lib/http-client.ts';
import { type Load, runLoad } from './lib/load.ts';
import { isQuick, type Row, writeReport } from './lib/report.ts';
import { SHARED } from './lib/shared-data.ts';
import { shuffle } from './lib/shuffle.ts';
import { formatSpread, toSpread } from './lib/spread.ts';
import { createSubject, type Guess, startNew, toGuess, toPhoneNumber } from './lib/subject.ts';

const ROUNDS = isQuick ? 2 : 9;
const WARM_UP_ROUNDS = isQuick ? 1 : 3;
const OPERATIONS = isQuick ? 400 : 4_000;
const CONNECTIONS = 32;
const LEAST = { bySid: 0.85, byTo: 0.7 } as const;
const FORM = 'application/x-www-form-urlencoded';

/** As many guesses each, one after the other. */
interface Round {
  readonly native: Load;
  readonly bySid: Load;
  readonly byTo: Load;
}

interface GuessAt extends Guess {
  readonly to: string;
}

if (process.argv[2] === 'client') runHttpClient();
else await main();

async function main(): Promise<void> {
  const client = startHttpClient(fileURLToPath(import.meta.url));
  const measured: { readonly product: string; readonly rounds: Round[] }[] = [];
  const memory = createMemoryStore();
  measured.push({ product: 'memory', rounds: await measure(memory, memory, client) });
  for (const withData of SHARED) {
    await withData(async (target, product) => {
      if (target.name !== 'PostgreSQL' && target.name !== 'Redis') return;
      const starting = openStore(target);
      measured.push({ product, rounds: await measure(openStore(target), starting, client) });
      await starting.close();
    });
  }
  client.close();
  writeReport({
    name: 'twilio-door',
    method: `\`POST /v2/Services/{sid}/VerificationCheck\` with \`VerificationSid\` and with \`To\`, and \`POST /v1/verifications/{id}/check\`, at one service with \`compatibility: 'twilio'\` of one process with every setting as it comes, except for rates, which are high; logs go to /dev/null. A client in a process of its own, ${CONNECTIONS} connections on loopback, each with one request in flight; ${ROUNDS} rounds after ${WARM_UP_ROUNDS} to warm up, each of ${OPERATIONS} guesses in each of the three ways, in an order that turns. Figures are medians (least–most); a ratio is that of operations per second within one round. Each guess is at a verification and a number of its own, in random order, half of them right: the native answer to those has a signed proof, the door's has none. On PostgreSQL and Redis another store than the one that checks has started them, so that each is read. CPU is that of the process that serves.`,
    rows: measured.flatMap(({ product, rounds }) => toRows(product, rounds)),
    data: measured,
  });
}

async function measure(store: Store, starting: Store, client: HttpClient): Promise<Round[]> {
  const service = await listenService(store, 'twilio');
  const { port, tenant, authorization } = service;
  const starter = createSubject(starting, tenant);
  let numbers = 0;

  const startAll = async (round: number): Promise<GuessAt[]> => {
    const made: { readonly id: string; readonly to: string }[] = [];
    await runLoad(OPERATIONS, CONNECTIONS, async () => {
      const to = toPhoneNumber(numbers++);
      made.push({ to, id: await startNew(starter, to) });
    });
    return shuffle(made, round).map(({ id, to }, index) => ({ ...toGuess(id, index % 2 === 0), to }));
  };
  const order = { port, connections: CONNECTIONS, authorization };
  const native = (guesses: readonly GuessAt[]) => {
    const requests = guesses.map(({ id, code }) => ({ path: `/v1/verifications/${id}/check`, body: JSON.stringify({ code }) }));
    return guessOverHttp(client, { ...order, requests });
  };
  const door = (guesses: readonly GuessAt[], toWhich: (guess: GuessAt) => Record<string, string>) => {
    const path = `/v2/Services/${tenant}/VerificationCheck`;
    const requests = guesses.map((guess) => ({ path, body: new URLSearchParams({ ...toWhich(guess), Code: guess.code }).toString() }));
    return guessOverHttp(client, { ...order, contentType: FORM, requests });
  };

  const rounds: Round[] = [];
  for (let round = 0; round < WARM_UP_ROUNDS + ROUNDS; round += 1) {
    const [forNative, forSid, forTo] = [await startAll(round), await startAll(round), await startAll(round)];
    const loads: Partial<Record<keyof Round, Load>> = {};
    const runs: readonly (() => Promise<unknown>)[] = [
      async () => (loads.native = await native(forNative)),
      async () => (loads.bySid = await door(forSid, ({ id }) => ({ VerificationSid: id }))),
      async () => (loads.byTo = await door(forTo, ({ to }) => ({ To: to }))),
    ];
    // Each comes first, second and last equally often.
    for (let turn = 0; turn < runs.length; turn += 1) await runs[(round + turn) % runs.length]?.();
    if (round >= WARM_UP_ROUNDS) rounds.push(loads as Round);
  }
  await service.close();
  return rounds;
}

function toRows(product: string, rounds: readonly Round[]): Row[] {
  const ratio = (way: 'bySid' | 'byTo') => toSpread(rounds.map((round) => round[way].opsPerSecond / round.native.opsPerSecond));
  const target = (way: 'bySid' | 'byTo') => ({ text: `≥ ${LEAST[way]}`, met: ratio(way).median >= LEAST[way] });
  const of = (side: keyof Round, field: keyof Load, digits: number) => formatSpread(toSpread(rounds.map((round) => round[side][field])), digits);
  const sides = [
    ['native', 'native'],
    ['bySid', 'by sid'],
    ['byTo', 'by To'],
  ] as const;
  return [
    { what: `${product}: by sid : native`, measured: formatSpread(ratio('bySid'), 2), target: target('bySid') },
    { what: `${product}: by To : native`, measured: formatSpread(ratio('byTo'), 2), target: target('byTo') },
    ...sides.flatMap(([side, name]) => [
      { what: `${product}: ${name}, operations per second`, measured: of(side, 'opsPerSecond', 0) },
      { what: `${product}: ${name}, CPU µs per operation`, measured: of(side, 'cpuMicros', 1) },
    ]),
  ];
}

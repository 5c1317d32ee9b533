import { Agent } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createFolder, toWrongCode } from '../cli/run-cli.ts';
import { hasRedisServer, startRedis } from '../stores/redis-servers.ts';
import { describeOn, MYSQL, POSTGRES, useDatabase } from '../stores/sql-servers.ts';
import { parsePrometheus } from './prometheus.ts';
import { ask, deploy, serve, toNumber } from './world.ts';

const GUESSES = 1_000;
const CONNECTIONS = 50;
const TITLE = 'I3: judge five of 1,000 guesses that come at once over 50 connections';

describe('two processes on one SQLite file', () => {
  it(TITLE, () => expectFiveJudged());
});

for (const server of [POSTGRES, MYSQL]) {
  await describeOn(server, `two processes on one ${server.name} database`, () => {
    const { url } = useDatabase(server);

    it(TITLE, () => expectFiveJudged({ COUNTERSIGN_DATABASE: url }));
  });
}

// A server of its own: the settings of the service acknowledge no danger of Redis, so that it starts only on one that keeps an append-only file.
describe.runIf(hasRedisServer())('two processes on one Redis server', () => {
  it(TITLE, async () => {
    const server = await startRedis();
    onTestFinished(() => server.remove());
    await expectFiveJudged({ COUNTERSIGN_DATABASE: server.url });
  });
});

/** Guesses wrong 1,000 times at two processes at once, and ensures that five guesses are judged, whichever process each came to. */
async function expectFiveJudged(env: Readonly<Record<string, string>> = {}): Promise<void> {
  const deployment = await deploy(createFolder(), env);
  const [one, two] = await Promise.all([serve(deployment), serve(deployment)]);
  // So many to each of the two.
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS / 2 });
  onTestFinished(() => agent.destroy());
  const started = await ask(`${one.url}/v1/verifications`, deployment.apiKey, { to: toNumber(0) });
  const code = toWrongCode(deployment.lastCode());
  const guess = ({ url }: { readonly url: string }) => ask(`${url}/v1/verifications/${started.body.id}/check`, deployment.apiKey, { code }, agent);
  const answers = await Promise.all(Array.from({ length: GUESSES }, (_, index) => guess(index % 2 === 0 ? one : two)));
  expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
  const left = answers.flatMap(({ body }) => (body.status === 'pending' ? [body.attemptsLeft as number] : []));
  expect(left.sort()).toEqual([1, 2, 3, 4]);
  expect(answers.filter(({ body }) => body.status === 'max_attempts_reached')).toHaveLength(GUESSES - 4);
  // Both say how many they judged: five, together.
  const texts = await Promise.all([one, two].map(async ({ metricsUrl }) => (await fetch(metricsUrl)).text()));
  const judged = texts.map((text) => parsePrometheus(text).samples['countersign_checks_total{result="wrong"}'] ?? 0);
  expect(judged.reduce((sum, count) => sum + count, 0)).toBe(5);
  expect(await Promise.all([one.end(), two.end()])).toEqual([0, 0]);
}

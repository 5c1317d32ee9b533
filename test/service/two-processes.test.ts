import { Agent } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createFolder, toWrongCode } from '../cli/run-cli.ts';
import { parsePrometheus } from './prometheus.ts';
import { ask, deploy, serve, toNumber } from './world.ts';

const GUESSES = 1_000;
const CONNECTIONS = 50;

describe('two processes on one SQLite file', () => {
  it('I3: judge five of 1,000 guesses that come at once over 50 connections', async () => {
    const deployment = await deploy(createFolder());
    const [one, two] = await Promise.all([serve(deployment), serve(deployment)]);
    const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS / 2 });
    onTestFinished(() => agent.destroy());
    const started = await ask(`${one.url}/v1/verifications`, deployment.apiKey, { to: toNumber(0) });
    const code = toWrongCode(deployment.lastCode());
    const guess = ({ url }: { readonly url: string }) => ask(`${url}/v1/verifications/${started.body.id}/check`, deployment.apiKey, { code }, agent);
    const answers = await Promise.all(Array.from({ length: GUESSES }, (_, index) => guess(index % 2 === 0 ? one : two)));
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    const left = answers.flatMap(({ body }) => (body.status === 'pending' ? [body.attemptsLeft as number] : []));
    expect(left.sort()).toEqual([1, 2, 3, 4]);
    expect(answers.filter(({ body }) => body.status === 'max_attempts_reached')).toHaveLength(GUESSES - 4);
    // Both say how many they judged: five, together.
    const texts = await Promise.all([one, two].map(async ({ metricsUrl }) => (await fetch(metricsUrl)).text()));
    const judged = texts.map((text) => parsePrometheus(text).samples['countersign_checks_total{result="wrong"}'] ?? 0);
    expect(judged.reduce((sum, count) => sum + count, 0)).toBe(5);
    expect(await Promise.all([one.end(), two.end()])).toEqual([0, 0]);
  });
});

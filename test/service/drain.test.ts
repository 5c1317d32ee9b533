import { once } from 'node:events';
import { Agent } from 'node:http';
import { connect } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createFolder } from '../cli/run-cli.ts';
import { answer } from '../senders/http-gateway-double.ts';
import { ask, deploy, serve, toNumber } from './world.ts';

const IN_FLIGHT = 200;

describe('SIGTERM', () => {
  it('ends the process with 0 after all of 200 requests in flight were answered, and takes no more', async () => {
    const deployment = await deploy(createFolder());
    const serving = await serve(deployment);
    // The gateway holds every message until all are there, and the process has been told to end.
    const held: (() => void)[] = [];
    const allThere = new Promise<void>((resolve) => {
      deployment.gateway.behave = (response, received) => {
        held.push(() => answer(200, { id: 'message' })(response, received));
        if (held.length === IN_FLIGHT) resolve();
      };
    });
    const starts = Array.from({ length: IN_FLIGHT }, (_, index) =>
      ask(`${serving.url}/v1/verifications`, deployment.apiKey, { to: toNumber(index) }),
    );
    await allThere;
    const ended = serving.end('SIGTERM');
    await serving.until(/"msg":"draining"/);
    await expect(ask(`${serving.url}/livez`, deployment.apiKey)).rejects.toThrow(/ECONNREFUSED|ECONNRESET|socket hang up/);
    for (const release of held) release();
    const answers = await Promise.all(starts);
    expect(answers.map(({ status }) => status)).toEqual(Array(IN_FLIGHT).fill(201));
    expect(answers.every(({ body }) => body.deliveries[0].status === 'sent')).toBe(true);
    expect(await ended).toBe(0);
    expect(serving.said().stderr).toBe('');
    expect(serving.said().stdout).toMatch(/"msg":"drained"/);
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('(%s) ends a process that has nothing to do at once', async (signal) => {
    const serving = await serve(await deploy(createFolder()));
    expect(await serving.end(signal)).toBe(0);
  });

  it('ends a process though clients hold connections on which they ask for nothing', async () => {
    const serving = await serve(await deploy(createFolder()));
    const agent = new Agent({ keepAlive: true });
    onTestFinished(() => agent.destroy());
    await ask(`${serving.url}/livez`, 'SK:none', undefined, agent);
    for (const url of [serving.url, serving.metricsUrl]) {
      const { hostname, port } = new URL(url);
      const socket = connect(Number(port), hostname);
      onTestFinished(() => void socket.destroy());
      await once(socket, 'connect');
    }
    expect(await serving.end('SIGTERM')).toBe(0);
    expect(serving.said().stdout).toMatch(/"msg":"drained"/);
    expect(serving.said().stdout).not.toMatch(/"level":"?(error|50)/);
  });
});

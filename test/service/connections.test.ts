import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { createDrain } from '../../src/service/drain.ts';
import { createService } from '../../src/service/service.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import { createRecordingSender } from '../../src/testing/recording-sender.ts';
import { bind } from '../tenants-world.ts';
import { SECRET } from './world.ts';

/** A server that leaves its answers to the test. */
async function open() {
  const held: ServerResponse[] = [];
  let tell: () => void = () => undefined;
  const server: Server = createServer((_, response) => {
    held.push(response);
    tell();
  });
  const drain = createDrain(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.closeAllConnections());
  const { port } = server.address() as AddressInfo;
  return {
    ...{ server, drain, held },
    asked: () => new Promise<void>((resolve) => (tell = resolve)),
    async connect(): Promise<Socket> {
      const seen = once(server, 'connection');
      const socket = connect(port, '127.0.0.1');
      onTestFinished(() => void socket.destroy());
      await seen;
      return socket;
    },
    end: () => {
      drain.begin(10_000);
      return new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

const REQUEST = 'GET / HTTP/1.1\r\nhost: localhost\r\n\r\n';

/** All that a connection says until it is closed. */
async function readAll(socket: Socket): Promise<string> {
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk) => (text += chunk));
  await once(socket, 'close');
  return text;
}

afterEach(() => void vi.useRealTimers());

describe('a server that drains', () => {
  it('does not wait for a client that never said anything, nor for half a request', async () => {
    const here = await open();
    const silent = readAll(await here.connect());
    const half = await here.connect();
    half.write('GET / HTT');
    const closed = readAll(half);
    await here.end();
    expect([await silent, await closed]).toEqual(['', '']);
  });

  it('closes each connection behind the answer that was under way', async () => {
    const here = await open();
    const socket = await here.connect();
    const asked = here.asked();
    socket.write(REQUEST);
    await asked;
    const ended = here.end();
    here.held[0]?.end('late');
    expect(await readAll(socket)).toMatch(/^HTTP\/1.1 200 OK\r\nconnection: close\r\n.*late$/is);
    await ended;
  });

  it('answers what had arrived', async () => {
    const here = await open();
    here.server.on('request', (_, response) => response.end('yes'));
    const socket = await here.connect();
    const all = readAll(socket);
    await new Promise<void>((resolve) => socket.write(REQUEST, () => resolve()));
    await here.end();
    expect(await all).toMatch(/connection: close.*yes$/is);
  });

  it('waits for the rest of a request for as long as it may take to arrive', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    const here = await open();
    const socket = await here.connect();
    const asked = here.asked();
    socket.write('POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\nhal');
    await asked;
    const ended = here.end();
    vi.advanceTimersByTime(9_999);
    expect(await countConnections(here.server)).toBe(1);
    vi.advanceTimersByTime(1);
    await ended;
    expect(socket.destroyed || (await once(socket, 'close'))).toBeTruthy();
  });
});

function countConnections(server: Server): Promise<number> {
  return new Promise((resolve) => server.getConnections((_, connections) => resolve(connections)));
}

describe('a service that ends', () => {
  it('leaves a store that cannot be closed after 30 s', async () => {
    const store = { ...bind(createMemoryStore()), close: () => new Promise<void>(() => undefined) };
    const lines: string[] = [];
    const log = { write: (line: string) => void lines.push(line) };
    const service = await createService({ secret: SECRET, port: 0, metrics: { port: 0 } }, { store, log, senders: [createRecordingSender()] });
    await service.listen();
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    const closed = service.close();
    vi.advanceTimersByTime(30_000);
    await closed;
    expect(lines.at(-1)).toContain('could not be closed in time');
  });
});

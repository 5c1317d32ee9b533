import { type ChildProcess, fork } from 'node:child_process';
import { connect, type Socket } from 'node:net';

/** Requests to be made as fast as they are answered, over so many connections. */
export interface HttpOrder {
  readonly port: number;
  readonly connections: number;
  readonly authorization: string;
  /** Of every body. @defaultValue `application/json` */
  readonly contentType?: string;
  /** Each is a `POST`. */
  readonly requests: readonly { readonly path: string; readonly body: string }[];
}

/** What came of them. */
export interface HttpTold {
  /** From the first request to the last answer; connecting is not in it. */
  readonly ms: number;
  /** Answers of 200 by the `status` that they hold. */
  readonly statuses: Readonly<Record<string, number>>;
}

/** A client in a process of its own, so that it takes nothing of the server's CPU. */
export interface HttpClient {
  run(order: HttpOrder): Promise<HttpTold>;
  close(): void;
}

/** @param file a bench that calls {@link runHttpClient} when its first argument is `client`. */
export function startHttpClient(file: string): HttpClient {
  const child: ChildProcess = fork(file, ['client']);
  return {
    run: (order) =>
      new Promise((resolve, reject) => {
        const ended = () => reject(new Error('the client has ended'));
        child.once('exit', ended);
        child.once('message', (told) => {
          child.off('exit', ended);
          resolve(told as HttpTold);
        });
        child.send(order);
      }),
    close: () => child.disconnect(),
  };
}

/** Does what its parent orders, until that disconnects. */
export function runHttpClient(): void {
  process.on('message', async (order: HttpOrder) => process.send?.(await runOrder(order)));
}

async function runOrder({ port, connections, authorization, contentType, requests }: HttpOrder): Promise<HttpTold> {
  // Made before anything is timed: what a client costs is not what is asked.
  const texts = requests.map(({ path, body }) => toText({ port, authorization, contentType, path, body }));
  const sockets = await Promise.all(Array.from({ length: connections }, () => open(port)));
  const statuses: Record<string, number> = {};
  let next = 0;
  const begun = performance.now();
  await Promise.all(
    sockets.map(async (socket) => {
      while (next < texts.length) {
        const status = readStatus(await exchange(socket, texts[next++] as string));
        statuses[status] = (statuses[status] ?? 0) + 1;
      }
    }),
  );
  const ms = performance.now() - begun;
  for (const socket of sockets) socket.destroy();
  return { ms, statuses };
}

/** Posts JSON and gives the JSON of the answer, one request at a time. Rejects for an answer that is no success. */
export type Post = (path: string, body: object) => Promise<Readonly<Record<string, unknown>>>;

/** As many connections, each with its own {@link Post}, in this process. */
export async function connectHttp({ port, connections, authorization }: Omit<HttpOrder, 'requests'>): Promise<Post[]> {
  const sockets = await Promise.all(Array.from({ length: connections }, () => open(port)));
  return sockets.map((socket) => async (path, body) => {
    const answer = await exchange(socket.unref(), toText({ port, authorization, path, body: JSON.stringify(body) }));
    if (!/^HTTP\/1\.1 20[01] /.test(answer)) throw new Error(`a request was answered ${answer}`);
    return JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4)) as Readonly<Record<string, unknown>>;
  });
}

interface RequestToWrite {
  readonly port: number;
  readonly authorization: string;
  readonly contentType?: string | undefined;
  readonly path: string;
  readonly body: string;
}

function toText({ port, authorization, contentType = 'application/json', path, body }: RequestToWrite): string {
  const head = `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nauthorization: ${authorization}\r\ncontent-type: ${contentType}`;
  return `${head}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true }, () => resolve(socket)).setEncoding('latin1');
    socket.once('error', reject);
  });
}

/** One request and its whole answer, which has a length: neither side makes chunks. */
function exchange(socket: Socket, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let got = '';
    const take = (chunk: string) => {
      got += chunk;
      const end = got.indexOf('\r\n\r\n');
      if (end < 0 || got.length < end + 4 + Number(/\r\ncontent-length: (\d+)/i.exec(got)?.[1])) return;
      socket.off('data', take);
      socket.off('close', cut);
      resolve(got);
    };
    const cut = () => reject(new Error(`the server hung up: ${got}`));
    socket.on('data', take);
    socket.once('close', cut);
    socket.write(text);
  });
}

function readStatus(answer: string): string {
  const status = answer.startsWith('HTTP/1.1 200 ') ? /"status":"(\w+)"/.exec(answer)?.[1] : undefined;
  if (status === undefined) throw new Error(`a request was answered ${answer}`);
  return status;
}

import { inspect } from 'node:util';

/** Whatever a program lets out while something runs: what it writes to its streams, and what it gives to the console. */
export async function catchPrinted<T>(work: () => Promise<T>): Promise<{ readonly value: T; readonly printed: string }> {
  const caught: string[] = [];
  const streams = [process.stdout, process.stderr];
  const writes = streams.map((stream) => stream.write);
  const { console: terminal } = globalThis;
  const methods = (['log', 'info', 'warn', 'error', 'debug', 'trace', 'dir'] as const).map((name) => [name, terminal[name]] as const);
  const write = (chunk: string | Uint8Array) => caught.push(Buffer.from(chunk).toString()) > 0;
  for (const stream of streams) stream.write = write as typeof stream.write;
  for (const [name] of methods) terminal[name] = (...values: unknown[]) => void caught.push(values.map(print).join(' '));
  try {
    return { value: await work(), printed: caught.join('\n') };
  } finally {
    for (const [index, stream] of streams.entries()) stream.write = writes[index] ?? stream.write;
    for (const [name, method] of methods) terminal[name] = method;
  }
}

/** A value in each way in which it could be printed, an error's causes included. */
export function print(value: unknown): string {
  const inspected = inspect(value, { depth: Number.POSITIVE_INFINITY, showHidden: true, maxStringLength: null, maxArrayLength: null });
  const cause = value instanceof Error && value.cause !== undefined ? print(value.cause) : '';
  return [inspected, toJson(value), String(value), cause].join('\n');
}

function toJson(value: unknown): string {
  try {
    return JSON.stringify(value) ?? '';
  } catch {
    return ''; // What has a cycle cannot be printed this way.
  }
}

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';

/** Somewhere that text can end up, as bytes. */
export interface Place {
  readonly name: string;
  readonly bytes: Buffer;
}

/** What must not be found: a name for it, and its text. */
export type Secrets = Readonly<Record<string, string>>;

/** A secret that was found, where, and in which form. */
export interface Find {
  readonly secret: string;
  readonly place: string;
  readonly form: string;
}

/** Every form in which a text is looked for. Base64 has three for each text, by where in a longer one it stands. */
export function toForms(text: string): readonly (readonly [form: string, bytes: Buffer])[] {
  const utf8 = Buffer.from(text);
  const utf16 = Buffer.from(text, 'utf16le');
  const big = Buffer.from(utf16).swap16();
  const hex = utf8.toString('hex');
  const base64 = [0, 1, 2].flatMap((offset) => [
    [`base64 at ${offset}`, toBase64(utf8, offset, 'base64')] as const,
    [`base64url at ${offset}`, toBase64(utf8, offset, 'base64url')] as const,
  ]);
  const texts: readonly (readonly [string, string])[] = [
    ['plain', text],
    ['reversed', [...text].reverse().join('')],
    ['hex', hex],
    ['upper-case hex', hex.toUpperCase()],
    ['URL-encoded', encodeURIComponent(text)],
    ['URL-encoded bytes', hex.replace(/../g, '%$&')],
    ['JSON', JSON.stringify(text).slice(1, -1)],
    ...base64,
    ['UTF-16LE as hex', utf16.toString('hex')],
    ['UTF-16BE as hex', big.toString('hex')],
  ];
  return [...texts.map(([form, encoded]) => [form, Buffer.from(encoded)] as const), ['UTF-16LE', utf16], ['UTF-16BE', big]];
}

/** The characters that are the same whatever stands before and behind. */
function toBase64(bytes: Buffer, offset: number, encoding: 'base64' | 'base64url'): string {
  const text = Buffer.concat([Buffer.alloc(offset), bytes, Buffer.alloc(3)]).toString(encoding);
  return text.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6));
}

/** Looks for every form of every secret in every place. */
export function findSecrets(places: readonly Place[], secrets: Secrets): Find[] {
  return Object.entries(secrets).flatMap(([secret, text]) =>
    toForms(text).flatMap(([form, bytes]) =>
      places.filter((place) => place.bytes.includes(bytes)).map((place) => ({ secret, place: place.name, form })),
    ),
  );
}

/** Gathers whatever a program lets out, in every way in which it could be printed. */
export class Catch {
  readonly places: Place[] = [];

  /** Bytes or text as they are. */
  text(name: string, text: string | Buffer): void {
    this.places.push({ name, bytes: Buffer.from(text) });
  }

  /** A value, as it prints. */
  value(name: string, value: unknown): void {
    this.text(`${name} (inspected)`, inspect(value, { depth: null, showHidden: true, maxStringLength: null, maxArrayLength: null }));
    this.text(`${name} (JSON)`, JSON.stringify(value) ?? '');
    this.text(`${name} (text)`, String(value));
  }

  /** An error with its stack and causes. */
  error(name: string, error: unknown): void {
    for (let [cause, depth] = [error, 0]; cause !== undefined && depth < 10; [cause, depth] = [(cause as Error).cause, depth + 1]) {
      this.value(`${name}, cause ${depth}`, cause);
      if (cause instanceof Error) this.text(`${name}, cause ${depth} (stack)`, `${cause.message}\n${cause.stack}`);
    }
  }

  /** Every file of a folder. */
  folder(name: string, path: string): void {
    for (const file of readdirSync(path)) this.text(`${name} ${file}`, readFileSync(join(path, file)));
  }

  /** Runs `work` and catches what it prints meanwhile, by the console or past it. */
  async printed<T>(name: string, work: () => Promise<T>): Promise<T> {
    const [stdout, stderr] = [process.stdout.write, process.stderr.write];
    const methods = ['log', 'info', 'warn', 'error', 'debug', 'trace', 'dir'] as const;
    const originals = methods.map((method) => [method, console[method]] as const);
    const write = ((chunk: string | Uint8Array) => {
      this.text(name, Buffer.from(chunk));
      return true;
    }) as typeof process.stdout.write;
    [process.stdout.write, process.stderr.write] = [write, write];
    for (const method of methods)
      console[method] = (...args: unknown[]) => this.text(name, args.map((arg) => inspect(arg, { depth: null })).join(' '));
    try {
      return await work();
    } finally {
      [process.stdout.write, process.stderr.write] = [stdout, stderr];
      for (const [method, original] of originals) console[method] = original;
    }
  }
}

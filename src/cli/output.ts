import { CountersignError } from '../core/errors.ts';

/** Where a command's words go. With `--json` standard output is one JSON document on one line, and everything else goes to standard error. */
export interface Output {
  /** The answer: as the library gave it, or as a sentence. */
  answer(result: unknown, text: string): void;
  /** Part of the story for people; not with `--json`. */
  tell(text: string): void;
  /** The message that would have been sent. Resolves when it is written: one that cannot be is not `sent`. */
  message(text: string): Promise<void>;
  /** Beside the answer: what happened to files. */
  note(text: string): void;
  /** What was thrown. Never a stack trace, and of an error that is not ours only its name: its message may hold anything. */
  fail(error: unknown): void;
}

/** Output to the terminal, or to whatever it was redirected to. */
export function createOutput(json: boolean): Output {
  return {
    answer: (result, text) => writeLine(process.stdout, json ? JSON.stringify(result) : text),
    tell: (text) => {
      if (!json) writeLine(process.stdout, text);
    },
    message: (text) => write(json ? process.stderr : process.stdout, text),
    note: (text) => writeLine(process.stderr, text),
    fail(error) {
      if (json) writeLine(process.stdout, JSON.stringify({ error: toShown(error) }));
      else writeLine(process.stderr, `error: ${describe(error)}`);
    },
  };
}

/**
 * Keeps a reader that went away (`| head -1`) from ending the process with a stack trace. An answer that is lost for any other reason, such as a full
 * disk, is said, and `onLost` is called.
 */
export function guardStreams(onLost: () => void): void {
  process.stderr.on('error', () => undefined);
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') return;
    writeLine(process.stderr, 'error: the answer could not be written');
    onLost();
  });
}

/** Passes over one kind of warning: Node 22 says at each start that its SQLite is experimental, which is not for those who type a command. */
export function guardWarnings(): void {
  process.removeAllListeners('warning'); // Node's own, which prints them all.
  process.on('warning', ({ name, message }) => {
    if (name !== 'ExperimentalWarning') writeLine(process.stderr, `${name}: ${message}`);
  });
}

function writeLine(stream: NodeJS.WriteStream, text: string): void {
  stream.write(`${text}\n`);
}

function write(stream: NodeJS.WriteStream, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(text, (error) => (error ? reject(error) : resolve()));
  });
}

function toShown(error: unknown): unknown {
  return error instanceof CountersignError ? error : { message: describeForeign(error) };
}

function describe(error: unknown): string {
  return error instanceof CountersignError ? `${error.message} (${error.code})` : describeForeign(error);
}

function describeForeign(error: unknown): string {
  const name = error instanceof Error && /^[A-Za-z]{1,40}$/.test(error.name) ? error.name : 'error';
  return `unexpected ${name}: this is a defect of countersign, please report it`;
}

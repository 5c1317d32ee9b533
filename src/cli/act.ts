import { type Verifier, withTerminalVerifier } from '../service/compose.ts';
import { readConfig } from '../service/config.ts';
import type { CommonOptions } from './command-options.ts';
import { EXIT, type ExitCode, toExitCode } from './exit-codes.ts';
import { createOutput } from './output.ts';

/** Takes the exit code of the command that ran. */
export type OnExit = (code: ExitCode) => void;

/** How an answer of the library is told, and whether it is what the command was for. */
export interface Answer {
  readonly ok: boolean;
  /** Short, and with what to do next. */
  readonly text: string;
}

/** One command: what it asks of the library, and how it tells the answer. */
export interface Action<R> {
  /** Looked at before anything is opened, so that a typing error leaves no files behind. */
  readonly parse?: () => unknown;
  readonly ask: (verifier: Verifier) => Promise<R>;
  readonly tell: (result: R) => Answer;
}

/** Runs one action on the verifier that the options name; what it throws is told as well. */
export async function act<R>({ db, json = false, provider }: CommonOptions, { parse, ask, tell }: Action<R>): Promise<ExitCode> {
  const output = createOutput(json);
  try {
    parse?.();
    const { database, ...config } = readConfig(undefined, provider);
    const result = await withTerminalVerifier({ ...config, database: db ?? database }, { print: output.message, note: output.note }, ask);
    const { ok, text } = tell(result);
    output.answer(result, text);
    return ok ? EXIT.ok : EXIT.refused;
  } catch (error) {
    output.fail(error);
    return toExitCode(error);
  }
}

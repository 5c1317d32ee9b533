import type { Operator } from '../service/operate.ts';
import { EXIT, type ExitCode, toExitCode } from './exit-codes.ts';
import { createOutput } from './output.ts';

/** One act of an operator on the deployment, and how its result is told; undefined where there was nothing to act on. */
export interface Operation<R> {
  readonly ask: (operator: Operator) => Promise<R>;
  readonly tell: (result: NonNullable<R>) => string;
}

/** Runs one act on the deployment that the settings name; what it throws is told as well. */
export async function operate<R>({ json = false }: { readonly json?: boolean }, { ask, tell }: Operation<R>): Promise<ExitCode> {
  const output = createOutput(json);
  try {
    const { withOperator } = await import('../service/operate.ts');
    const result = await withOperator(ask);
    output.answer(result ?? null, result === undefined || result === null ? 'There is nothing of that id.' : tell(result));
    return result === undefined ? EXIT.refused : EXIT.ok;
  } catch (error) {
    output.fail(error);
    return toExitCode(error);
  }
}

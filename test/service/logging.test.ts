import { describe, expect, it } from 'vitest';
import { CountersignError } from '../../src/core/errors.ts';
import { createLogger } from '../../src/service/logging.ts';

function logOf(level: 'debug' | 'warn', write: (logger: ReturnType<typeof createLogger>) => void): readonly Record<string, unknown>[] {
  const lines: string[] = [];
  write(createLogger({ level, destination: { write: (line) => lines.push(line) } }));
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('logs', () => {
  it('are JSON lines of known fields, with a time, a level and a sentence of ours', () => {
    const [line] = logOf('debug', (logger) => logger.info({ requestId: 'r', status: 201, to: '+12025550143', body: { code: '123456' } }, 'answered'));
    expect(line).toEqual({ level: 'info', time: expect.stringMatching(/^\d{4}-.*Z$/), requestId: 'r', status: 201, msg: 'answered' });
  });

  it('I9: hold of a foreign error its name, its code and where, never its message', () => {
    const error = Object.assign(new TypeError('to +12025550143 with 123456 and hunter2'), { code: 'ECONNRESET' });
    const [line] = logOf('debug', (logger) => logger.error({ error, err: error }, 'failed'));
    expect(line).toMatchObject({
      error: { name: 'TypeError', code: 'ECONNRESET', at: [expect.stringMatching(/^at .*logging\.test\.ts/), ...Array(7).fill(expect.any(String))] },
    });
    expect(JSON.stringify(line)).not.toMatch(/2025550143|123456|hunter2|"\//);
  });

  it('hold errors of ours as they are', () => {
    const [line] = logOf('debug', (logger) =>
      logger.error({ error: new CountersignError('store_unavailable', 'away', { cause: new Error('hunter2') }) }, 'failed'),
    );
    expect(line).toMatchObject({ error: { code: 'store_unavailable', message: 'away', cause: { name: 'Error' } } });
    expect(JSON.stringify(line)).not.toContain('hunter2');
  });

  it('begin at the level that is set', () => {
    expect(logOf('warn', (logger) => [logger.info('no'), logger.warn('yes')])).toMatchObject([{ level: 'warn', msg: 'yes' }]);
  });
});

import { describe, expect, it } from 'vitest';
import { T0 } from '../../test/builders.ts';
import { DEPLOYMENT } from '../../test/tenants-world.ts';
import { decideImportService } from './service-acts.ts';
import { decodeService, encodeDeletedService } from './service-record.ts';

describe('a service that is imported', () => {
  const id = `VA${'a'.repeat(32)}`;
  const decide = decideImportService({ name: 'Shop', compatibility: 'twilio' }, { id, deployment: DEPLOYMENT, by: 'cli' });

  it('is made under its id, once', () => {
    const made = decide(undefined, T0);
    expect(made.result).toBe('made');
    expect(made.entries).toEqual([{ at: T0, service: id, type: 'service_created', destination: '', data: expect.stringContaining('"by":"cli"') }]);
    expect(decide(made.next?.body, T0 + 1)).toEqual({ result: 'already_there' });
  });

  it('is made anew where it was deleted', () => {
    const { result, next } = decide(encodeDeletedService(T0), T0 + 1);
    expect(result).toBe('made');
    expect(decodeService(next?.body ?? '')).toMatchObject({ fields: { name: 'Shop' }, createdAt: T0 + 1 });
  });
});

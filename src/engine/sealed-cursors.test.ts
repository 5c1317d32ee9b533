import { describe, expect, it } from 'vitest';
import { createKeyRing } from '../core/keys.ts';
import { createSealedCursors } from './sealed-cursors.ts';

const keys = createKeyRing({ secret: 'a secret of at least 32 random bytes' });

describe('sealed cursors', () => {
  it('I12 hold nothing of the place that they lead to', () => {
    const cursors = createSealedCursors({ keys, list: 'deliveries' });
    // Long enough that random bytes do not hold it by chance, as they do the number of an entry.
    const place = 'entry 1234567 of the journal';
    const sealed = cursors.seal(place, 'VA1');
    for (const told of [sealed, Buffer.from(sealed, 'base64url').toString('latin1')]) expect(told).not.toMatch(/entry|1234|journal/);
    expect(cursors.open(sealed, 'VA1')).toBe(place);
  });
});

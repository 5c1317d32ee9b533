import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { errorOf, T0 } from '../../test/builders.ts';
import { PAGE, PLAIN_FIELDS } from '../../test/tenants-world.ts';
import { RECORD_REMEDY } from './record-fault.ts';
import { decodeService, encodeDeletedService, encodeService, SERVICE_SCHEMA, toServiceKey, toServiceSettings } from './service-record.ts';
import { ADDED_FIELDS, type ServiceFields } from './service-settings.ts';

/** As processes of a version know them. */
const fieldsOf = (schema: number, fields: ServiceFields) =>
  Object.fromEntries(Object.entries(fields).filter(([name]) => !ADDED_FIELDS.slice(schema - 1).some((added) => Object.hasOwn(added, name))));
const FIRST_FIELDS = fieldsOf(1, PLAIN_FIELDS);
const record = { fields: PLAIN_FIELDS, createdAt: T0 - 5, updatedAt: T0 };
const messageOf = (body: string) => {
  const { code, message } = errorOf(() => decodeService(body));
  expect(code).toBe('store_unavailable');
  return message.replace('the record of this service is ', '').replace(`: ${RECORD_REMEDY}`, '');
};

describe('the record of a service', () => {
  it('is listed under its kind and comes back as it was', () => {
    expect(toServiceKey('VA1')).toEqual({ kind: 'service', partition: 'service', id: 'VA1' });
    expect(JSON.parse(encodeService(record))).toEqual([1, T0, -5, FIRST_FIELDS]);
    expect(decodeService(encodeService(record))).toEqual(record);
  });

  it.each([{ compatibility: 'twilio' }, { ladderOnTop: true }, { psd2: true }, { customCodes: true }, { ladderSeconds: [] }] as const)(
    'is of the second version where it has what the first has no field for: %o',
    (given) => {
      const fields = { ...PLAIN_FIELDS, ...given };
      expect(JSON.parse(encodeService({ ...record, fields }))).toEqual([2, T0, -5, fieldsOf(2, fields)]);
      expect(decodeService(encodeService({ ...record, fields }))).toEqual({ ...record, fields });
    },
  );

  it('is of the third version where it has a hosted page, whatever else it has', () => {
    for (const given of [{}, { customCodes: true }, { ladderSeconds: [] }]) {
      const fields = { ...PLAIN_FIELDS, ...given, page: PAGE };
      expect(JSON.parse(encodeService({ ...record, fields }))).toEqual([SERVICE_SCHEMA, T0, -5, fields]);
      expect(decodeService(encodeService({ ...record, fields }))).toEqual({ ...record, fields });
    }
  });

  it('is read as one of an earlier version left it', () => {
    expect(decodeService(JSON.stringify([1, T0, -5, FIRST_FIELDS]))).toEqual(record);
    expect(decodeService(JSON.stringify([2, T0, -5, fieldsOf(2, { ...PLAIN_FIELDS, psd2: true })]))?.fields).toEqual({ ...PLAIN_FIELDS, psd2: true });
  });

  it('says of a deleted one that it was one, and no more', () => {
    expect(encodeDeletedService(T0)).toBe(`[1,${T0}]`);
    expect(decodeService(encodeDeletedService(T0))).toBeUndefined();
  });

  it('is refused when it is of a newer version, and when it is none of ours', () => {
    expect(messageOf(JSON.stringify([4, T0, -5, PLAIN_FIELDS]))).toBe('of a newer version of countersign: update this process');
    for (const body of ['', 'null', '{}', '7', '[', '[]', '[0]', '["1"]', '[null]', '[1.5]', '["2"]'])
      expect(messageOf(body)).toBe('not one of ours');
  });

  it.each([
    ['[1]'],
    ['[1,"x"]'],
    ['[1,null]'],
    [JSON.stringify([1, T0, -5])],
    [JSON.stringify([1, T0, 1, PLAIN_FIELDS])],
    [JSON.stringify([1, T0, 0.5, PLAIN_FIELDS])],
    [JSON.stringify([1, null, 0, PLAIN_FIELDS])],
    [JSON.stringify([1, T0, -5, null])],
    [JSON.stringify([1, T0, -5, { ...PLAIN_FIELDS, codeLength: 3 }])],
    [JSON.stringify([1, T0, -5, PLAIN_FIELDS, 0])],
  ])('is damaged where something else stands in it: %s', (body) => {
    expect(messageOf(body)).toBe('damaged');
  });

  it('repeats nothing of what it cannot read', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 12 }), (body) => {
        expect(messageOf(body)).not.toContain(body);
        expect(messageOf(JSON.stringify([1, body]))).toBe('damaged');
      }),
    );
  });

  it('is shown with its id and times', () => {
    const shown = toServiceSettings('VA1', record);
    expect(shown).toMatchObject({ id: 'VA1', name: 'Shop', createdAt: '2025-12-31T23:59:59.995Z', updatedAt: '2026-01-01T00:00:00.000Z' });
    expect(Object.isFrozen(shown)).toBe(true);
  });
});

import { describe, expect, it } from 'vitest';
import { toMysqlFailure } from '../../src/stores/mysql-errors.ts';
import { toPostgresFailure } from '../../src/stores/postgres-errors.ts';

const NUMBER = '+14155552671';
const thrown = (fields: object) => Object.assign(new Error(`duplicate key value (${NUMBER})`), fields);

describe('what PostgreSQL’s errors mean', () => {
  it.each([
    ['40001', 'conflict', 'store_unavailable'],
    ['40P01', 'conflict', 'store_unavailable'],
    ['55P03', 'conflict', 'store_unavailable'],
    ['0A000', 'conflict', 'store_unavailable'],
    ['57P01', 'unknown', 'store_unavailable'],
    ['57P02', 'unknown', 'store_unavailable'],
    ['08006', 'unknown', 'store_unavailable'],
    ['08P01', 'unknown', 'store_unavailable'],
    ['57014', 'not_applied', 'store_unavailable'],
    ['25006', 'not_applied', 'store_unavailable'],
    ['53100', 'not_applied', 'store_unavailable'],
    ['53300', 'not_applied', 'store_unavailable'],
    ['23505', 'not_applied', 'store_unavailable'],
    ['22021', 'not_applied', 'store_unavailable'],
    ['42601', 'not_applied', 'store_unavailable'],
    ['42P01', 'not_applied', 'configuration_invalid'],
    ['42704', 'not_applied', 'configuration_invalid'],
    ['22023', 'not_applied', 'configuration_invalid'],
    ['POOL_TIMEOUT', 'unknown', 'store_unavailable'],
    ['ERR_OSSL_PEM_NO_START_LINE', 'not_applied', 'configuration_invalid'],
    ['28P01', 'not_applied', 'configuration_invalid'],
    ['3D000', 'not_applied', 'configuration_invalid'],
    ['26000', 'not_applied', 'configuration_invalid'],
    ['ECONNREFUSED', 'not_applied', 'store_unavailable'],
    ['ECONNRESET', 'unknown', 'store_unavailable'],
    ['EPIPE', 'unknown', 'store_unavailable'],
    ['ETIMEDOUT', 'unknown', 'store_unavailable'],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'not_applied', 'configuration_invalid'],
    ['', 'unknown', 'store_unavailable'],
  ])('%s: %s, %s, and nothing of what the driver said', (code, outcome, expected) => {
    const failure = toPostgresFailure(thrown({ code }));
    expect([failure.outcome, failure.error.code]).toEqual([outcome, expected]);
    expect(JSON.stringify([failure.error, failure.error.message, failure.error.cause, failure.message])).not.toContain('4155552671');
  });

  it('are of one row where they may be, and of all otherwise', () => {
    const isLocal = (code: string) => toPostgresFailure(thrown({ code })).isLocal;
    expect(['22021', '23514', '54000', 'P0001'].map(isLocal)).toEqual([true, true, true, true]);
    expect(['40P01', '53100', '57P01', '42P01'].map(isLocal)).toEqual([false, false, false, false]);
  });

  it('say that a full disk wants room, and that a prepared statement wants no pooler', () => {
    expect(toPostgresFailure(thrown({ code: '53100' })).message).toContain('disk');
    expect(toPostgresFailure(thrown({ code: '26000' })).message).toContain('namedStatements: false');
  });
});

describe('what MySQL’s errors mean', () => {
  it.each([
    [1205, 'conflict', 'store_unavailable'],
    [1213, 'conflict', 'store_unavailable'],
    [3101, 'conflict', 'store_unavailable'],
    [1053, 'unknown', 'store_unavailable'],
    [1317, 'unknown', 'store_unavailable'],
    [2013, 'unknown', 'store_unavailable'],
    [1290, 'not_applied', 'store_unavailable'],
    [1021, 'not_applied', 'store_unavailable'],
    [1114, 'not_applied', 'store_unavailable'],
    [1040, 'not_applied', 'store_unavailable'],
    [1969, 'not_applied', 'store_unavailable'],
    [1064, 'not_applied', 'store_unavailable'],
    [1146, 'not_applied', 'configuration_invalid'],
    [1045, 'not_applied', 'configuration_invalid'],
    [1049, 'not_applied', 'configuration_invalid'],
    [1665, 'not_applied', 'configuration_invalid'],
  ])('%i: %s, %s, and nothing of what the driver said', (errno, outcome, expected) => {
    const failure = toMysqlFailure(thrown({ errno, code: 'ER_SOMETHING' }));
    expect([failure.outcome, failure.error.code]).toEqual([outcome, expected]);
    expect(JSON.stringify([failure.error, failure.error.message, failure.error.cause, failure.message])).not.toContain('4155552671');
  });

  it('say of a lost connection that nothing is certain, and of one never made that nothing was written', () => {
    const lost = thrown({ errno: -104, code: 'ECONNRESET' });
    expect(toMysqlFailure(lost).outcome).toBe('unknown');
    expect(toMysqlFailure(lost, true).outcome).toBe('not_applied');
  });
});

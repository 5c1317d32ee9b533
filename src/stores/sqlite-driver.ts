import { createRequire } from 'node:module';
import { CountersignError } from '../core/errors.ts';

/** As much of `DatabaseSync` as is used: `node:sqlite` and `@photostructure/sqlite` both have it. */
export interface SqliteDatabase {
  exec(sql: string): void;
  prepare(sql: string): SqliteStatement;
  close(): void;
}

/** A prepared statement. A row is an object by column name. */
export interface SqliteStatement {
  get(...parameters: readonly SqliteValue[]): unknown;
  all(...parameters: readonly SqliteValue[]): readonly unknown[];
  run(...parameters: readonly SqliteValue[]): { readonly changes: number | bigint };
}

/** What is bound to a parameter. */
export type SqliteValue = string | number | null;

/** A module that opens SQLite files. */
export interface SqliteDriver {
  readonly DatabaseSync: new (path: string) => SqliteDatabase;
}

const PACKAGE = '@photostructure/sqlite';

/**
 * Node's own driver where it has one without a flag (22.13 and later), else the package that offers the same.
 *
 * @throws CountersignError `configuration_invalid` when there is neither.
 */
export function loadSqliteDriver(
  builtin: (name: string) => unknown = (name) => process.getBuiltinModule(name),
  require: (name: string) => unknown = createRequire(import.meta.url),
): SqliteDriver {
  return (builtin('node:sqlite') ?? loadPackage(require)) as SqliteDriver;
}

function loadPackage(require: (name: string) => unknown): unknown {
  try {
    return require('@photostructure/sqlite');
  } catch (cause) {
    const isMissing = (cause as { code?: unknown }).code === 'MODULE_NOT_FOUND';
    const remedy = isMissing ? `install it with "npm install ${PACKAGE}"` : 'its binary cannot be loaded on this platform';
    throw new CountersignError('configuration_invalid', `the SQLite store needs Node 22.13 or the package ${PACKAGE}: ${remedy}`, { cause });
  }
}

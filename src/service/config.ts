import { CountersignError } from '../core/errors.ts';
import { Secret } from '../core/secret.ts';

/** What is set from outside a process. Nothing else reads the environment. */
export interface Config {
  /** `COUNTERSIGN_SECRET`: at least 32 bytes. Undefined when it is not set: then a key file beside the database serves. */
  readonly secret: Secret | undefined;
  /**
   * `COUNTERSIGN_DATABASE`: the SQLite file.
   *
   * @defaultValue `countersign.db`
   */
  readonly database: string;
}

/** As long as the engine wants it: 256 bits. Checked here as well, so that the message names the variable that is at fault. */
const MIN_SECRET_BYTES = 32;

/**
 * Reads the environment.
 *
 * @throws {CountersignError} `configuration_invalid`, naming the variable. One that is set but empty is a mistake, such as a template that was not
 * filled in: passing over it would begin another database, under another key, and every limit anew.
 */
export function readConfig(environment: Readonly<Record<string, string | undefined>> = process.env): Config {
  const { COUNTERSIGN_SECRET: secret, COUNTERSIGN_DATABASE: database = 'countersign.db' } = environment;
  if (database === '') throw invalid('COUNTERSIGN_DATABASE', 'is empty: unset it, or name a file');
  if (secret === undefined) return { secret: undefined, database };
  if (secret === '') throw invalid('COUNTERSIGN_SECRET', `is empty: unset it, or give at least ${MIN_SECRET_BYTES} random bytes`);
  if (Buffer.byteLength(secret) < MIN_SECRET_BYTES) {
    throw invalid('COUNTERSIGN_SECRET', `is shorter than ${MIN_SECRET_BYTES} bytes: make one with "openssl rand -base64 48"`);
  }
  return { secret: new Secret(secret), database };
}

/**
 * `COUNTERSIGN_DATABASE_URL`: the address of a PostgreSQL or MySQL database.
 *
 * @throws {CountersignError} `configuration_invalid` when it is not set.
 */
export function readDatabaseUrl(environment: Readonly<Record<string, string | undefined>> = process.env): string {
  const { COUNTERSIGN_DATABASE_URL: url = '' } = environment;
  if (url === '') throw invalid('COUNTERSIGN_DATABASE_URL', 'is not set: give it the address of the database, such as postgres://host/database');
  return url;
}

function invalid(variable: string, problem: string): CountersignError {
  return new CountersignError('configuration_invalid', `${variable} ${problem}`, { field: variable });
}

import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CountersignError } from '../core/errors.ts';
import { createKeyRing, type KeyRing } from '../core/keys.ts';
import { Secret } from '../core/secret.ts';
import { FINGERPRINT_KEY } from '../engine/index-fingerprint.ts';
import { createVerifier, type Verifier, type VerifierOptions } from '../engine/verifier.ts';
import { createSelfIssuedProvider } from '../providers/self-issued.ts';
import { createTwilioVerifyProvider } from '../providers/twilio-verify.ts';
import { createConsoleSender } from '../senders/console.ts';
import { createOutboxSender, type OutboxSender } from '../senders/outbox.ts';
import { createMemoryStore } from '../stores/memory.ts';
import type { MigrateOptions, MigrationReport } from '../stores/postgres.ts';
import type { Store } from '../stores/store.ts';
import type { Config } from './config.ts';
import { makeKeyFile, readKeyFile } from './key-file.ts';
import { isSqlitePath, openStore } from './open-store.ts';

export type {
  CancelResult,
  CheckResult,
  PendingVerification,
  RefusedResult,
  ResendResult,
  ShowResult,
  StartResult,
} from '../engine/results.ts';
export type { Verifier } from '../engine/verifier.ts';
export type { OutboxSender } from '../senders/outbox.ts';
export type { MigrationReport } from '../stores/postgres.ts';

/** What a verifier on a terminal tells its user beside its answers. */
export interface TerminalOptions {
  /** Takes each message that would have been sent, code included. */
  readonly print: (text: string) => unknown;
  /** Takes what the user should know about files that were made. */
  readonly note: (text: string) => void;
}

/** A store, and the keys that its records are found by. */
export interface KeyedStore {
  readonly store: Store;
  readonly keys: KeyRing;
}

/** The parts of a demonstration. */
export interface DemoParts {
  readonly verifier: Verifier;
  /** What would have gone out. */
  readonly outbox: OutboxSender;
}

/**
 * Opens a SQLite file, or the store that an address names, hands `work` a verifier on it whose messages are printed, and closes it whatever comes of
 * it. Without a secret in `config` the one in `<database>.key` serves, and is made when the database has not been begun yet; a server's has to be given.
 *
 * @throws {CountersignError} `configuration_invalid` or `store_unavailable`, and whatever `work` throws.
 */
export function withTerminalVerifier<T>(config: Config, { print, note }: TerminalOptions, work: (verifier: Verifier) => Promise<T>): Promise<T> {
  return withTerminalStore(config, note, (store, secret) => work(compose(store, secret, createProvider(config, print))));
}

/**
 * Opens a SQLite file, or the store that an address names, hands `work` the store and the keys that its secret gives, and closes it whatever comes of it. The secret is found as by
 * {@link withTerminalVerifier}.
 *
 * @throws {CountersignError} `configuration_invalid` or `store_unavailable`, and whatever `work` throws.
 */
export function withTerminalKeys<T>(config: Config, note: TerminalOptions['note'], work: (parts: KeyedStore) => Promise<T>): Promise<T> {
  return withTerminalStore(config, note, (store, secret) => work({ store, keys: toKeyRing(secret) }));
}

/**
 * The same for `work` that only looks. No file is made: where there is no database, or none that has been begun, what is handed over is an empty store
 * under a secret that nobody keeps.
 *
 * @throws {CountersignError} as {@link withTerminalKeys}.
 */
export async function withKeysToLook<T>(config: Config, note: TerminalOptions['note'], work: (parts: KeyedStore) => Promise<T>): Promise<T> {
  const { database } = config;
  if (isSqlitePath(database) && !existsSync(database)) {
    note(`There is no database ${database} yet.`);
    return work({ store: createMemoryStore(), keys: toKeyRing(config.secret ?? createThrowaway()) });
  }
  return withStore(database, async (store) => {
    const secret = config.secret ?? (await findKey(store, database, createThrowaway));
    return work({ store, keys: toKeyRing(secret) }).catch((error) => {
      throw toSecretError(error, config);
    });
  });
}

async function withTerminalStore<T>(config: Config, note: TerminalOptions['note'], work: (store: Store, secret: Secret) => Promise<T>): Promise<T> {
  const { database } = config;
  const isFile = isSqlitePath(database);
  const isNew = isFile && !existsSync(database);
  // The store first: where it cannot be, no key is left behind.
  return withStore(database, async (store) => {
    // Said, because a mistyped path would otherwise look like a database in which nothing has happened.
    if (isNew) note(`Made ${database}, a new database.`);
    const secret = config.secret ?? (await findKey(store, database, () => makeKey(database, note)));
    try {
      const result = await work(store, secret);
      // Nobody else does, and a file that only a terminal writes to would grow for ever. A server's tables have a service that does.
      if (isFile) await store.sweep(SWEEP).catch(() => undefined);
      return result;
    } catch (error) {
      throw toSecretError(error, config);
    }
  });
}

/**
 * Makes the tables of the database that an address names, or brings them up to date.
 *
 * @throws {CountersignError} `configuration_invalid` or `store_unavailable`.
 */
export async function migrateDatabase(database: string, options: MigrateOptions): Promise<MigrationReport> {
  // Loaded where it is asked for: every command begins with this file.
  if (/^postgres(?:ql)?:/.test(database)) return (await import('../stores/postgres.ts')).migratePostgres({ url: database }, options);
  if (/^(?:mysql|mariadb):/.test(database)) return (await import('../stores/mysql.ts')).migrateMysql({ url: database }, options);
  const message = 'COUNTERSIGN_DATABASE (or --db) must be an address that begins with postgres: or mysql:. SQLite and Redis need no migration';
  throw new CountersignError('configuration_invalid', message, { field: 'database' });
}

/** Records removed after a command: more than one command can add, and a few milliseconds. */
const SWEEP = 500;

/** Hands `work` a verifier on a SQLite file of its own, in a temporary folder that is removed afterwards, under a secret that nobody keeps. */
export async function withDemoVerifier<T>(work: (parts: DemoParts) => Promise<T>): Promise<T> {
  const folder = makeTemporaryFolder();
  try {
    return await withStore(join(folder, 'demo.db'), (store) => {
      const outbox = createOutboxSender();
      const verifier = compose(store, createThrowaway(), createSelfIssuedProvider({ senders: [outbox] }));
      return work({ verifier, outbox });
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function makeTemporaryFolder(): string {
  try {
    return mkdtempSync(join(tmpdir(), 'countersign-demo-'));
  } catch (cause) {
    const message = 'no temporary folder can be made: give this user write permission on the one of the system, or set TMPDIR';
    throw new CountersignError('configuration_invalid', message, { cause });
  }
}

async function withStore<T>(database: string, work: (store: Store) => Promise<T>): Promise<T> {
  const store = await openStore(database);
  try {
    return await work(store);
  } finally {
    // What was answered is committed: a file that does not close well takes nothing of it back.
    await store.close().catch(() => undefined);
  }
}

function compose(store: Store, secret: Secret, provider: VerifierOptions['provider']): Verifier {
  return createVerifier({ secret: secret.reveal(), store, provider });
}

/** Twilio Verify where its settings are there; else codes of our own, and messages that are printed. */
function createProvider({ twilio }: Config, print: TerminalOptions['print']): VerifierOptions['provider'] {
  if (twilio === undefined) return createSelfIssuedProvider({ senders: [createConsoleSender({ write: print })] });
  return createTwilioVerifyProvider({ ...twilio, authToken: twilio.authToken.reveal() });
}

function toKeyRing(secret: Secret): KeyRing {
  return createKeyRing({ secret: secret.reveal() });
}

/** A secret that nobody keeps. */
function createThrowaway(): Secret {
  return new Secret(randomBytes(48).toString('base64'));
}

/**
 * The key beside a database, or the one that is made. None is made for a database that was begun with another secret: it could only be refused later, and would then lie
 * about. Whoever begins a database has its key written before its fingerprint, so that a fingerprint without a key, seen in this order, means
 * another secret.
 */
async function findKey(store: Store, database: string, make: () => Secret): Promise<Secret> {
  if (!isSqlitePath(database)) {
    // The address is not repeated: it holds a password.
    throw new CountersignError('configuration_invalid', 'COUNTERSIGN_SECRET is missing: the store of a server is used with its own', {
      field: 'COUNTERSIGN_SECRET',
    });
  }
  const path = `${database}.key`;
  const early = readKeyFile(path);
  if (early !== undefined) return early;
  const { body: fingerprint } = await store.read(FINGERPRINT_KEY);
  if (fingerprint === undefined) return make();
  const late = readKeyFile(path);
  if (late !== undefined) return late;
  const message = `the database ${database} was begun with a secret that is not here: set COUNTERSIGN_SECRET to it, or put ${path} back`;
  throw new CountersignError('configuration_invalid', message, { field: 'COUNTERSIGN_SECRET' });
}

function makeKey(database: string, note: TerminalOptions['note']): Secret {
  const path = `${database}.key`;
  const { secret, isNew } = makeKeyFile(path);
  if (isNew) note(`Made ${path}, its secret: keep it, and out of version control. To bring your own, set COUNTERSIGN_SECRET.`);
  return secret;
}

/** The engine's word for a wrong secret is the name of an option; here it is a variable or a file. */
function toSecretError(error: unknown, { secret, database }: Config): unknown {
  if (!(error instanceof CountersignError && error.code === 'configuration_invalid' && error.field === 'indexSecret')) return error;
  if (!isSqlitePath(database)) {
    const message = 'the store was begun with another secret than COUNTERSIGN_SECRET: give that one';
    return new CountersignError('configuration_invalid', message, { field: 'COUNTERSIGN_SECRET' });
  }
  const [found, remedy, field] =
    secret === undefined
      ? [`the one in ${database}.key`, 'put the right one back, or set COUNTERSIGN_SECRET to it', 'keyFile']
      : ['COUNTERSIGN_SECRET', `give that one, or unset the variable to use ${database}.key`, 'COUNTERSIGN_SECRET'];
  return new CountersignError('configuration_invalid', `the database ${database} was begun with another secret than ${found}: ${remedy}`, { field });
}

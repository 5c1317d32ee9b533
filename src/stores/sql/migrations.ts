import { SqlFailure } from './failure.ts';

/** One step of a schema, from the version before it. Never change one that was released. */
export interface Migration {
  readonly version: number;
  /** Its statements, in their order. */
  readonly statements: readonly string[];
}

/** What became of a migration, or would. */
export interface MigrationReport {
  /** The version the tables had before: 0 where there were none. */
  readonly found: number;
  /** The version this code reads and writes. */
  readonly latest: number;
  /** What led from one to the other, or would; empty when the tables were up to date. */
  readonly steps: readonly Migration[];
}

/** Settings of a migration. */
export interface MigrateOptions {
  /** Whether to look only, and change nothing. @defaultValue false */
  readonly dryRun?: boolean;
}

/** How a server is asked for its version, and taken one step on. */
export interface MigrationTarget {
  /** Names the store in messages. */
  readonly name: string;
  readonly migrations: readonly Migration[];
  /** Makes the table of versions, where there is none. */
  readonly schemaTable: string;
  /** The version of its tables; 0 where there are none. */
  readVersion(): Promise<number>;
  /** Takes one step, all or nothing, or so that it may be taken again; does nothing where another process has taken it meanwhile. */
  apply(migration: Migration): Promise<void>;
}

/** Brings tables up to date, a step at a time. Safe when several do it at once. Throws a {@link SqlFailure} for tables of a later version. */
export async function runMigrations(target: MigrationTarget, { dryRun = false }: MigrateOptions): Promise<MigrationReport> {
  const latest = target.migrations.length;
  const found = await target.readVersion();
  assertNotNewer(target.name, found, latest);
  const steps = target.migrations.slice(found);
  if (!dryRun) for (const step of steps) await target.apply(step);
  // As somebody would run them who takes the steps by hand: the version is written down with each.
  const told = steps.map(({ version, statements }) => ({ version, statements: [target.schemaTable, ...statements, toVersionInsert(version)] }));
  return { found, latest, steps: told };
}

/** What writes down that a step was taken. */
export function toVersionInsert(version: number): string {
  return `INSERT INTO countersign_schema (version) VALUES (${version})`;
}

/** Ensure that a store works on tables of the version it knows: a server is migrated by whoever operates it, never by a process that starts. */
export function assertUpToDate(name: string, found: number, latest: number): void {
  assertNotNewer(name, found, latest);
  if (found === latest) return;
  const state = found === 0 ? 'has no tables of countersign yet' : `has tables of version ${found}, and this is version ${latest}`;
  throw configuration(`the ${name} database ${state}: run "countersign migrate" on it`);
}

function assertNotNewer(name: string, found: number, latest: number): void {
  if (found <= latest) return;
  throw configuration(`the ${name} database was migrated by a later version of countersign (its tables are of version ${found}): run that one`);
}

function configuration(remedy: string): SqlFailure {
  return new SqlFailure({ code: 'configuration_invalid', remedy, outcome: 'not_applied' }, undefined);
}

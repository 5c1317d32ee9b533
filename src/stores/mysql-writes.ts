import { DUPLICATE_KEY, mysqlNumber, toMysqlFailure } from './mysql-errors.ts';
import type { MysqlConnection } from './mysql-pool.ts';
import { insertStatement, MYSQL_WRITTEN, noteStatement, toStatementSize, updateStatement } from './mysql-statements.ts';
import type { StoredKey, StoredWrite } from './sql/backend.ts';
import { type GroupResult, isolateFaults } from './sql/groups.ts';
import { type JournalEntry, MAX_WRITE_AGE } from './store.ts';
import type { WriteReply } from './versioned-driver.ts';

/** Hands out a connection for some work. */
type WithConnection = <T>(work: (connection: MysqlConnection) => Promise<T>) => Promise<T>;

/** A key that no record has. */
export const NO_KEY: readonly string[] = ['', '', ''];

/** Makes some writes by one statement. */
type RunWrites = (connection: MysqlConnection, now: string, writes: readonly StoredWrite[]) => Promise<WriteReply[]>;

/** Writes records: those that are to be there as one statement, those that are not as another, each with the journal entries of its writes. */
export async function writeInParts(
  withConnection: WithConnection,
  now: string,
  writes: readonly StoredWrite[],
): Promise<readonly GroupResult<WriteReply>[]> {
  const results = new Map<StoredWrite, GroupResult<WriteReply>>();
  const runPart = async (part: readonly StoredWrite[], run: RunWrites) => {
    if (part.length === 0) return;
    const work = (group: readonly StoredWrite[]) => withConnection((connection) => writeWithEntries(connection, now, group, run));
    const settled = await isolateFaults(part, work).catch((error: unknown) =>
      // One part may be written where another failed, so that nothing is said of all.
      part.map(() => ({ error })),
    );
    for (const [index, write] of part.entries()) results.set(write, settled[index] ?? { error: undefined });
  };
  await Promise.all([
    runPart(
      writes.filter(({ expected }) => expected !== undefined),
      updateRecords,
    ),
    runPart(
      writes.filter(({ expected }) => expected === undefined),
      insertRecords,
    ),
  ]);
  return writes.map((write) => results.get(write) ?? { error: undefined });
}

/** Where there are entries, they and the records go in one transaction, which is three round trips more whatever the number of either. */
async function writeWithEntries(connection: MysqlConnection, now: string, writes: readonly StoredWrite[], run: RunWrites): Promise<WriteReply[]> {
  if (writes.every(({ entries }) => entries.length === 0)) return run(connection, now, writes);
  await connection.query({ sql: 'START TRANSACTION' });
  const replies = await run(connection, now, writes);
  await noteEntries(
    connection,
    writes.flatMap(({ entries }, index) => (replies[index]?.applied ? entries : [])),
  );
  await connection.query({ sql: 'COMMIT' });
  return replies;
}

async function updateRecords(connection: MysqlConnection, now: string, writes: readonly StoredWrite[]): Promise<WriteReply[]> {
  const size = toStatementSize(writes.length);
  const pairs = (toValue: (write: StoredWrite) => string | null) =>
    fillUp(
      writes.map((write) => [write.expected ?? '', toValue(write)]),
      size,
      ['', ''],
    );
  const values = [
    ...pairs(({ body }) => body),
    ...pairs(({ expiresAt }) => toText(expiresAt)),
    ...pairs(({ version }) => version),
    ...fillUp(
      writes.map((write) => [...toKeyValues(write.key), write.expected ?? '', toDeadline(write)]),
      size,
      [...NO_KEY, '', '0'],
    ),
  ];
  const reply = await change(connection, updateStatement(now, size), values.flat());
  return toOutcomes(connection, writes, reply);
}

async function insertRecords(connection: MysqlConnection, now: string, writes: readonly StoredWrite[]): Promise<WriteReply[]> {
  const size = toStatementSize(writes.length);
  const values = fillUp(
    writes.map((write) => [...toKeyValues(write.key), write.version, write.body, toText(write.expiresAt), toDeadline(write)]),
    size,
    [...NO_KEY, '', '', null, '0'],
  );
  try {
    return await toOutcomes(connection, writes, await change(connection, insertStatement(now, size), values.flat()));
  } catch (error) {
    // Of several one was there before, and no other was written: each is then tried by itself.
    if (mysqlNumber(error) === DUPLICATE_KEY && writes.length === 1) return writes.map(({ readAt }) => ({ applied: false, now: readAt }));
    throw toMysqlFailure(error);
  }
}

/** Every write changes its row, whose version is new, so that rows found and rows changed are the same number whichever the driver asks for. */
async function toOutcomes(connection: MysqlConnection, writes: readonly StoredWrite[], { affectedRows, insertId }: Change): Promise<WriteReply[]> {
  if (affectedRows === writes.length) return writes.map(() => ({ applied: true, now: insertId }));
  if (affectedRows === 0) return writes.map(({ readAt }) => ({ applied: false, now: readAt }));
  return lookForWrites(connection, writes, insertId);
}

/** Not all were written, and the server says how many, not which. Others may have written these rows since, so that it is not they who are asked. */
async function lookForWrites(connection: MysqlConnection, writes: readonly StoredWrite[], now: number): Promise<WriteReply[]> {
  const [rows] = await connection.query({ sql: MYSQL_WRITTEN, rowsAsArray: true });
  const [[written] = []] = rows as readonly unknown[][];
  const versions = new Set(String(written).split(','));
  return writes.map(({ version }) => ({ applied: versions.has(version), now }));
}

/** How many rows a statement changed, and the clock it put in the place of an insert id. */
interface Change {
  readonly affectedRows: number;
  readonly insertId: number;
}

async function change(connection: MysqlConnection, sql: string, values: (string | null)[]): Promise<Change> {
  const [reply] = await connection.execute({ sql, values });
  return reply as Change;
}

/** Entries in one statement. */
const NOTED_AT_ONCE = 64;

/** Adds entries to the journal, in their order. Several statements, so that it belongs inside a transaction. */
export async function noteEntries(connection: MysqlConnection, entries: readonly JournalEntry[]): Promise<void> {
  for (let from = 0; from < entries.length; from += NOTED_AT_ONCE) {
    const part = entries.slice(from, from + NOTED_AT_ONCE);
    const values = part.flatMap(({ at, service, type, destination, data }) => [String(at), service, type, destination, data]);
    await connection.execute({ sql: noteStatement(part.length), values });
  }
}

/** A key as the statements want it. */
export function toKeyValues({ kind, partition, id }: StoredKey): readonly string[] {
  return [kind, partition, id];
}

/** Rows of parameters, filled up to the size of a statement. */
export function fillUp<T>(rows: readonly T[], size: number, filler: T): readonly T[] {
  return [...rows, ...Array<T>(size - rows.length).fill(filler)];
}

function toText(value: number | null): string | null {
  return value === null ? null : String(value);
}

/** The latest time at which a write may be applied. */
function toDeadline({ readAt }: StoredWrite): string {
  return String(readAt + MAX_WRITE_AGE);
}

import { MAX_WAIT } from '../core/duration.ts';
import { parseTime } from './parse-time.ts';

/** One counter as the table `svretries` has it. Times are milliseconds since 1970-01-01 UTC. */
export interface SvretriesRow {
  readonly uniqueId: string;
  readonly userId: string;
  readonly count: number;
  /** Undefined for a counter that has no wait. */
  readonly expires: number | undefined;
  readonly createdAt: number | undefined;
}

/** Why a line is not carried over. */
export type SvretriesFault =
  | 'cell_count_wrong'
  | 'unique_id_missing'
  | 'user_id_missing'
  | 'count_invalid'
  | 'expires_missing'
  | 'expires_invalid'
  | 'expires_too_late'
  | 'created_at_invalid'
  | 'duplicate_pair';

/** How lines are read. */
export interface RowOptions {
  /** How far the times without a zone are ahead of UTC, in milliseconds. */
  readonly utcOffset: number;
  /** The largest count there can be: how many waits there are. */
  readonly maxCount: number;
  /** The time now, in milliseconds since 1970-01-01 UTC. */
  readonly now: number;
}

/** A column by its name here, as a place in the line; undefined where the file has none. */
export type SvretriesColumns = Readonly<Record<'uniqueId' | 'userId' | 'count' | 'expires', number>> & {
  readonly createdAt: number | undefined;
};

/** What a database writes where a cell holds nothing: nothing, PostgreSQL's and MySQL's word, and that of their COPY and OUTFILE. */
const NOTHING: ReadonlySet<string> = new Set(['', 'NULL', String.raw`\N`]);

/**
 * Reads one line. The two ids are taken as they are, blanks included: they have to be what a program will ask for.
 *
 * @returns the counter, or what is wrong with the line.
 */
export function parseSvretriesRow(cells: readonly string[], columns: SvretriesColumns, options: RowOptions): SvretriesRow | SvretriesFault {
  const uniqueId = cellOf(cells, columns.uniqueId);
  const userId = cellOf(cells, columns.userId);
  if (uniqueId === undefined) return 'unique_id_missing';
  if (userId === undefined) return 'user_id_missing';
  const count = parseCount(cellOf(cells, columns.count), options.maxCount);
  if (count === undefined) return 'count_invalid';
  const expires = parseCell(cellOf(cells, columns.expires), options);
  if (expires === null) return 'expires_invalid';
  // At the foot nobody waits; on a rung a missing end would free somebody early.
  if (expires === undefined && count > 0) return 'expires_missing';
  // No wait is as long: it would shut somebody out for a slip of the pen in the year.
  if (expires !== undefined && expires > options.now + MAX_WAIT) return 'expires_too_late';
  const createdAt = parseCell(columns.createdAt === undefined ? undefined : cellOf(cells, columns.createdAt), options);
  if (createdAt === null) return 'created_at_invalid';
  return { uniqueId, userId, count, expires, createdAt };
}

function cellOf(cells: readonly string[], column: number): string | undefined {
  const cell = cells[column];
  return cell === undefined || NOTHING.has(cell) ? undefined : cell;
}

function parseCount(cell: string | undefined, max: number): number | undefined {
  if (cell === undefined || !/^\s*\d{1,3}\s*$/.test(cell)) return undefined;
  const count = Number(cell);
  return count <= max ? count : undefined;
}

/** Undefined for nothing, null for what is no time. */
function parseCell(cell: string | undefined, { utcOffset }: RowOptions): number | null | undefined {
  return cell === undefined ? undefined : (parseTime(cell.trim(), utcOffset) ?? null);
}

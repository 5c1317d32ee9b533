import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { CsvError, type Info, parse } from 'csv-parse';
import { CountersignError } from '../core/errors.ts';
import { parseSvretriesRow, type RowOptions, type SvretriesColumns, type SvretriesFault, type SvretriesRow } from './svretries-row.ts';

/** What a file holds: every line behind its first is in one of the two. */
export interface SvretriesFile {
  readonly rows: readonly SvretriesRow[];
  readonly rejected: readonly RejectedLine[];
}

/** A line that is not carried over. */
export interface RejectedLine {
  /** Where it begins; the first of the file is 1. */
  readonly line: number;
  readonly reason: SvretriesFault;
}

/** Lines in one file. They are kept in memory, so that nothing is written before all of it has been read: a million take 300 MB and 10 s. */
const MAX_LINES = 1_000_000;

/** Bytes of one line. A quote that is never closed would otherwise take in the rest of a file of any size. */
const MAX_LINE_BYTES = 65_536;

/** How a column may be called, in small letters and without `_`, `-` and blanks. The table's own id is not read: ids are derived here. */
const NAMES = {
  uniqueId: ['uniqueid'],
  userId: ['userid'],
  count: ['count'],
  expires: ['expires', 'expiresat'],
  createdAt: ['createdat', 'created'],
} as const;

const WRITTEN = { uniqueId: 'unique_id', userId: 'user_id', count: 'count', expires: 'expires', createdAt: 'created_at' } as const;

const OPTIONAL: readonly string[] = ['createdAt'];

/** How a line may end, whatever the one before it ended with: one that the parser did not take for an end would be part of an id. */
const LINE_ENDS = ['\r\n', '\n', '\r'];

interface Parsed {
  readonly record: readonly string[];
  readonly info: Info;
}

/**
 * Reads the table `svretries` from a CSV file (RFC 4180, UTF-8) as a stream. Of two lines with one pair of ids the later is rejected: they were two
 * counters where there should have been one, and the program went by the first that it found.
 *
 * @param maxLines how many lines the file may have behind its first.
 * @throws {CountersignError} `invalid_request` for a file that cannot be read as such; no message repeats anything of it.
 */
export async function readSvretries(path: string, options: RowOptions, maxLines: number = MAX_LINES): Promise<SvretriesFile> {
  const collector = new Collector(options, maxLines);
  const parser = parse({
    info: true,
    record_delimiter: LINE_ENDS,
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: MAX_LINE_BYTES,
  });
  try {
    await pipeline(createReadStream(path), decodeUtf8, parser, async (lines: AsyncIterable<Parsed>) => {
      for await (const { record, info } of lines) collector.take(record, info.empty_lines);
    });
  } catch (error) {
    throw toFileError(error);
  }
  return collector.finish();
}

/** Sorts the lines of a file, the one with the names first. */
class Collector {
  readonly #options: RowOptions;
  readonly #maxLines: number;
  readonly #rows: SvretriesRow[] = [];
  readonly #rejected: RejectedLine[] = [];
  readonly #pairs = new Set<string>();
  #columns: SvretriesColumns | undefined;
  #width = 0;
  /** Line breaks before what is taken next, but for those of empty lines. */
  #breaks = 0;

  constructor(options: RowOptions, maxLines: number) {
    this.#options = options;
    this.#maxLines = maxLines;
  }

  /** Lines are counted here: the parser takes a Windows line end within quotes for two. */
  take(cells: readonly string[], emptyLines: number): void {
    const line = this.#breaks + emptyLines + 1;
    this.#breaks += 1 + countBreaks(cells);
    if (this.#columns === undefined) {
      this.#columns = findColumns(cells);
      this.#width = cells.length;
      return;
    }
    if (this.#rows.length + this.#rejected.length >= this.#maxLines)
      throw unusable(`has more than ${this.#maxLines} lines: split it, and repeat its first line`);
    const row = cells.length === this.#width ? parseSvretriesRow(cells, this.#columns, this.#options) : 'cell_count_wrong';
    const reason = typeof row === 'string' ? row : this.#findTwin(row);
    if (reason !== undefined) this.#rejected.push({ line, reason });
    else this.#rows.push(row as SvretriesRow);
  }

  finish(): SvretriesFile {
    if (this.#columns === undefined) throw unusable('is empty: its first line has to name the columns');
    return { rows: this.#rows, rejected: this.#rejected };
  }

  #findTwin({ uniqueId, userId }: SvretriesRow): SvretriesFault | undefined {
    const pair = JSON.stringify([uniqueId, userId]);
    if (this.#pairs.has(pair)) return 'duplicate_pair';
    this.#pairs.add(pair);
    return undefined;
  }
}

function findColumns(cells: readonly string[]): SvretriesColumns {
  const names = cells.map((cell) => cell.toLowerCase().replaceAll(/[_\s-]/g, ''));
  const found = Object.entries(NAMES).map(([column, spellings]) => {
    const places = names.flatMap((name, place) => ((spellings as readonly string[]).includes(name) ? [place] : []));
    return { column: column as keyof typeof NAMES, places };
  });
  const missing = found.filter(({ column, places }) => places.length === 0 && !OPTIONAL.includes(column));
  if (missing.length > 0)
    throw unusable(`has no column ${list(missing)}: its first line has to name unique_id, user_id, count and expires, with commas between`);
  const twice = found.filter(({ places }) => places.length > 1);
  if (twice.length > 0) throw unusable(`has more than one column ${list(twice)}`);
  return Object.fromEntries(found.map(({ column, places: [place] }) => [column, place])) as unknown as SvretriesColumns;
}

function list(columns: readonly { readonly column: keyof typeof NAMES }[]): string {
  return columns.map(({ column }) => WRITTEN[column]).join(', ');
}

/** A file in another encoding would otherwise lose letters of its ids one by one, and with each the counter that it names. */
async function* decodeUtf8(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  for await (const chunk of chunks) yield decoder.decode(chunk, { stream: true });
  yield decoder.decode();
}

function countBreaks(cells: readonly string[]): number {
  return cells.reduce((count, cell) => count + (cell.match(/\r\n|\n|\r/g)?.length ?? 0), 0);
}

const FAULTS: Readonly<Record<string, string>> = {
  ENOENT: 'cannot be found',
  EISDIR: 'is a folder',
  EACCES: 'cannot be read: give this user read permission on it',
  ERR_ENCODING_INVALID_ENCODED_DATA: 'is not UTF-8: export it as UTF-8',
};

/** Whatever the parser throws carries the line it stumbled on: of that only the number is repeated. */
function toFileError(error: unknown): CountersignError {
  if (error instanceof CountersignError) return error;
  if (error instanceof CsvError) {
    const { lines } = error as CsvError & { readonly lines?: unknown };
    const what =
      error.code === 'CSV_MAX_RECORD_SIZE' ? `one is longer than ${MAX_LINE_BYTES} bytes, or a quote is not closed` : 'a quote is out of place';
    return unusable(`is no CSV: near line ${Number(lines)} ${what}`);
  }
  return unusable(FAULTS[String((error as NodeJS.ErrnoException | null)?.code)] ?? 'cannot be read', error);
}

function unusable(problem: string, cause?: unknown): CountersignError {
  return new CountersignError('invalid_request', `the file ${problem}; nothing was written`, { field: 'file', cause });
}

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { DAY } from '../core/duration.ts';
import { CountersignError } from '../core/errors.ts';
import { readSvretries } from './read-svretries.ts';

const NOW = Date.UTC(2026, 0, 15);
const OPTIONS = { utcOffset: 0, maxCount: 4, now: NOW };
const HEADER = 'id,unique_id,user_id,count,expires,created_at';

function createFile(content: string | Buffer): string {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-csv-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'svretries.csv');
  writeFileSync(path, content);
  return path;
}

const read = (content: string | Buffer, options: Partial<typeof OPTIONS> = {}) => readSvretries(createFile(content), { ...OPTIONS, ...options });
const readLines = (...lines: readonly string[]) => read([HEADER, ...lines].join('\n'));

async function faultOf(reading: Promise<unknown>): Promise<CountersignError> {
  const error = await reading.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof CountersignError)) throw new Error(`expected a CountersignError, got ${error}`);
  expect([error.code, error.field]).toEqual(['invalid_request', 'file']);
  return error;
}

describe('the table svretries', () => {
  it('is read line by line', async () => {
    const file = await readLines('7,+12025550143,ada,2,2026-01-15T00:10:00Z,2026-01-14 12:00:00.5', '8,+12025550144,bob,0,2026-01-01 00:00:00,');
    expect(file).toEqual({
      rows: [
        { uniqueId: '+12025550143', userId: 'ada', count: 2, expires: NOW + 600_000, createdAt: NOW - DAY / 2 + 500 },
        { uniqueId: '+12025550144', userId: 'bob', count: 0, expires: Date.UTC(2026, 0, 1), createdAt: undefined },
      ],
      rejected: [],
    });
  });

  it.each([
    ['in another order', 'expires,count,user_id,unique_id\n2026-01-15T00:10:00Z,2,ada,x'],
    ['in camel case', 'uniqueId,userId,count,expires,createdAt\nx,ada,2,2026-01-15T00:10:00Z,'],
    ['in small letters', 'uniqueid,userid,count,expires,created\nx,ada,2,2026-01-15T00:10:00Z,'],
    ['in capitals', 'UNIQUE_ID,USER_ID,COUNT,EXPIRES,CREATED_AT\nx,ada,2,2026-01-15T00:10:00Z,'],
    ['with blanks', ' Unique Id , User Id ,count,expires\nx,ada,2,2026-01-15T00:10:00Z'],
    ['in quotes', '"unique_id","user_id","count","expires"\n"x","ada","2","2026-01-15T00:10:00Z"'],
    ['behind a byte order mark', '\ufeffunique_id,user_id,count,expires\nx,ada,2,2026-01-15T00:10:00Z'],
    ['with others between', 'unique_id,note,user_id,count,expires\nx,whatever,ada,2,2026-01-15T00:10:00Z'],
    ['with the line ends of Windows', 'unique_id,user_id,count,expires\r\nx,ada,2,2026-01-15T00:10:00Z\r\n'],
    ['behind empty lines', '\n\nunique_id,user_id,count,expires\n\nx,ada,2,2026-01-15T00:10:00Z\n\n'],
  ])('may have its columns %s', async (_name, text) => {
    expect(await read(text)).toEqual({
      rows: [{ uniqueId: 'x', userId: 'ada', count: 2, expires: NOW + 600_000, createdAt: undefined }],
      rejected: [],
    });
  });

  it('keeps its ids as they are: blanks, commas, quotes, line breaks and other scripts are part of them', async () => {
    const { rows } = await readLines('1," a,""b"" ",アダ,0,,', '2,"line\nbreak",e\u0301,0,,', '3,\u00a0x, NULL,0,,');
    expect(rows.map(({ uniqueId, userId }) => [uniqueId, userId])).toEqual([
      [' a,"b" ', 'アダ'],
      ['line\nbreak', 'e\u0301'],
      ['\u00a0x', ' NULL'],
    ]);
  });

  it.each(['', 'NULL', String.raw`\N`])('may hold nothing in its times, at the foot: %j', async (nothing) => {
    const { rows } = await readLines(`1,x,ada,0,${nothing},${nothing}`);
    expect(rows).toEqual([{ uniqueId: 'x', userId: 'ada', count: 0, expires: undefined, createdAt: undefined }]);
  });

  it('takes times without a zone as far ahead of UTC as it is told', async () => {
    const text = `${HEADER}\n1,x,ada,1,2026-01-15 02:00:00,2026-01-15T00:00:00Z`;
    const { rows } = await read(text, { utcOffset: 7_200_000 });
    expect(rows).toMatchObject([{ expires: NOW, createdAt: NOW }]);
  });

  it.each([
    ['1,x,ada,2,2026-01-15', 'cell_count_wrong'],
    ['1,x,ada,2,2026-01-15 00:00:00,,', 'cell_count_wrong'],
    ['1,,ada,2,2026-01-15 00:00:00,', 'unique_id_missing'],
    ['1,NULL,ada,2,2026-01-15 00:00:00,', 'unique_id_missing'],
    ['1,x,,2,2026-01-15 00:00:00,', 'user_id_missing'],
    ['1,x,ada,,2026-01-15 00:00:00,', 'count_invalid'],
    ['1,x,ada,5,2026-01-15 00:00:00,', 'count_invalid'],
    ['1,x,ada,-1,2026-01-15 00:00:00,', 'count_invalid'],
    ['1,x,ada,1.5,2026-01-15 00:00:00,', 'count_invalid'],
    ['1,x,ada,1e0,2026-01-15 00:00:00,', 'count_invalid'],
    ['1,x,ada,two,2026-01-15 00:00:00,', 'count_invalid'],
    ['1,x,ada,٢,2026-01-15 00:00:00,', 'count_invalid'],
    ['1,x,ada,1,,', 'expires_missing'],
    ['1,x,ada,1,soon,', 'expires_invalid'],
    ['1,x,ada,0,2026-02-30 00:00:00,', 'expires_invalid'],
    ['1,x,ada,1,2026-02-14 00:00:00.001,', 'expires_too_late'],
    ['1,x,ada,1,2027-01-15 00:00:00,', 'expires_too_late'],
    ['1,x,ada,1,2026-01-15 00:00:00,once', 'created_at_invalid'],
  ])('has lines that are rejected, each with its number and why: %s', async (line, reason) => {
    const file = await readLines('1,y,ada,0,,', line, '2,z,ada,0,,');
    expect(file.rejected).toEqual([{ line: 3, reason }]);
    expect(file.rows.map(({ uniqueId }) => uniqueId)).toEqual(['y', 'z']);
  });

  it.each([
    ['4', '2026-01-15 00:00:00'],
    [' 4 ', ' 2026-01-15 00:00:00 '],
    ['1', '2026-02-14 00:00:00'],
  ])('has lines that are not: count %j until %j', async (count, expires) => {
    expect((await readLines(`1,x,ada,${count},${expires},`)).rejected).toEqual([]);
  });

  it('has one counter for a pair, the first; a line that was rejected is none', async () => {
    const { rows, rejected } = await readLines('1,x,ada,9,,', '2,x,ada,1,2026-01-15 00:00:00,', '3,x,bob,0,,', '4,x,ada,2,2026-01-15 00:00:00,');
    expect(rows.map(({ userId, count }) => [userId, count])).toEqual([
      ['ada', 1],
      ['bob', 0],
    ]);
    expect(rejected).toEqual([
      { line: 2, reason: 'count_invalid' },
      { line: 5, reason: 'duplicate_pair' },
    ]);
  });

  it('tells two pairs apart that look alike when joined', async () => {
    expect((await readLines('1,a:b,c,0,,', '2,a,b:c,0,,', '3,"a"",""b",c,0,,', '4,a,"b"",""c",0,,')).rejected).toEqual([]);
  });

  it.each(['\n', '\r\n', '\r'])('counts lines as an editor does, those within quotes and the empty ones too (%j)', async (end) => {
    const text = [HEADER, '', '1,"a', 'b",ada,9,,', '', '2,x,ada,9,,', '"3",y,ada,9,,'].join(end);
    const { rejected } = await read(text);
    expect(rejected.map(({ line }) => line)).toEqual([3, 6, 7]);
  });

  it('may have no line but the one with its columns', async () => {
    expect(await read(HEADER)).toEqual({ rows: [], rejected: [] });
  });

  it('is streamed: a hundred thousand lines, each counted once wherever the stream is cut', async () => {
    const lines = Array.from({ length: 100_000 }, (_, line) => `${line},unique-${line},ada,${line % 5},2026-01-15 00:10:00.123456,`);
    const { rows, rejected } = await read([HEADER, ...lines, '1,x,ada,9,,'].join('\r\n'));
    expect([rows.length, rows.at(-1)?.uniqueId, rejected]).toEqual([100_000, 'unique-99999', [{ line: 100_002, reason: 'count_invalid' }]]);
  });
});

describe('a file that is no such table', () => {
  it.each<[name: string, content: string | Buffer, message: RegExp]>([
    ['is empty', '', /^the file is empty: its first line has to name the columns; nothing was written$/],
    ['is empty but for line ends', '\n\r\n', /is empty/],
    ['has no column', 'id,unique_id,user_id,expires\n', /^the file has no column count: its first line has to name/],
    ['has no line with columns', '7,+12025550143,ada,2,2026-01-15T00:10:00Z\n', /no column unique_id, user_id, count, expires:/],
    ['has semicolons between', 'unique_id;user_id;count;expires\n+12025550143;ada;1;', /no column unique_id, user_id, count, expires:/],
    ['has a column twice', 'unique_id,uniqueId,user_id,count,expires\n', /^the file has more than one column unique_id;/],
    ['is UTF-16', Buffer.from(`\ufeff${HEADER}\n`, 'utf16le'), /^the file is not UTF-8: export it as UTF-8; nothing was written$/],
    ['is Latin-1', Buffer.from(`${HEADER}\n1,+12025550143,José,0,,\n`, 'latin1'), /is not UTF-8/],
    ['ends within a letter', Buffer.from(`${HEADER}\n1,+12025550143,é`).subarray(0, -1), /is not UTF-8/],
    ['has a quote in a cell', `${HEADER}\n1,+12025550143,a"da,0,,\n`, /^the file is no CSV: near line 2 a quote is out of place;/],
    ['has something behind a quote', `${HEADER}\n\n1,"+12025550143"x,ada,0,,\n`, /near line 3 a quote is out of place;/],
    ['has a quote that is not closed', `${HEADER}\n1,"+12025550143,ada,0,,\n`, /a quote is out of place;/],
    [
      'has a quote that is not closed for long',
      `${HEADER}\n1,"+12025550143${',\n'.repeat(40_000)}`,
      /near line \d+ one is longer than 65536 bytes, or a quote is not closed;/,
    ],
    ['has no line ends', 'x'.repeat(200_000), /near line 1 one is longer than 65536 bytes/],
  ])('is refused, and nothing of it is repeated: it %s', async (_name, content, message) => {
    const error = await faultOf(read(content));
    expect(error.message).toMatch(message);
    expect(JSON.stringify([error, error.cause, error.message])).not.toContain('2025550143');
  });

  it('is refused when it is not there, or a folder', async () => {
    const path = createFile('');
    expect((await faultOf(readSvretries(`${path}.+12025550143`, OPTIONS))).message).toBe('the file cannot be found; nothing was written');
    mkdirSync(`${path}-folder`);
    expect((await faultOf(readSvretries(`${path}-folder`, OPTIONS))).message).toBe('the file is a folder; nothing was written');
  });

  it('is refused when it has more lines than are kept in memory', async () => {
    const path = createFile(`${HEADER}\n1,x,ada,0,,\n2\n3,y,ada,0,,\n`);
    expect((await readSvretries(path, OPTIONS, 3)).rows).toHaveLength(2);
    const error = await faultOf(readSvretries(path, OPTIONS, 2));
    expect(error.message).toBe('the file has more than 2 lines: split it, and repeat its first line; nothing was written');
  });
});

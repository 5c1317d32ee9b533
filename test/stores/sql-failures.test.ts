import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import mysql from 'mysql2/promise';
import pg from 'pg';
import { afterEach, beforeEach, expect, it, onTestFinished } from 'vitest';
import { CountersignError } from '../../src/core/errors.ts';
import { createVerifier } from '../../src/engine/verifier.ts';
import { createSelfIssuedProvider } from '../../src/providers/self-issued.ts';
import { createMysqlStore, type MysqlPool, migrateMysql } from '../../src/stores/mysql.ts';
import { createPostgresStore, migratePostgres, type PostgresPool } from '../../src/stores/postgres.ts';
import type { Store } from '../../src/stores/store.ts';
import { TO } from '../../src/testing/engine-bench.ts';
import { createRecordingSender } from '../../src/testing/recording-sender.ts';
import { describeOn, emptyTables, inDatabase, MYSQL, newDatabaseName, POSTGRES, type TestServer, useDatabase } from './sql-servers.ts';
import { codeOf, entry, increment, keyOf, put } from './store-behaviour.ts';

const PASSWORD = 'hunter2-and-more';
const open: Store[] = [];
afterEach(() => Promise.all(open.splice(0).map((store) => store.close())));

function use<S extends Store>(store: S): S {
  open.push(store);
  return store;
}

/** What a call rejects with, once it is sure that neither the password nor the driver's own words are in it. */
async function refusalOf(call: Promise<unknown>): Promise<CountersignError> {
  const error = await call.then(
    () => new Error('resolved'),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(CountersignError);
  const refused = error as CountersignError;
  expect(`${refused.message} ${JSON.stringify(refused)} ${JSON.stringify(refused.cause)} ${refused.stack}`).not.toContain(PASSWORD);
  expect(refused.cause === undefined || Object.keys(refused.cause as object).every((key) => ['name', 'code', 'status'].includes(key))).toBe(true);
  return refused;
}

/** The address of a server with parts of it replaced. */
function withParts(url: string, parts: Partial<Pick<URL, 'username' | 'password' | 'port' | 'pathname' | 'hostname'>>): string {
  return Object.assign(new URL(url), parts).href;
}

async function closedPort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return String(port);
}

function everyCall(store: Store): Promise<unknown>[] {
  return [
    store.update(keyOf('a'), increment),
    store.read(keyOf('a')),
    store.list('test', '', undefined, 1),
    store.append([entry()]),
    store.entries({ limit: 1 }, undefined),
    store.sweep(1),
    store.ping(),
  ];
}

for (const server of [POSTGRES, MYSQL]) {
  await describeOn(server, `${server.name}: what goes wrong`, () => {
    const database = useDatabase(server);
    beforeEach(() => emptyTables(server, database.url));
    const openStore = (url: string) => use(server.createStore({ url, poolSize: 4 }));

    it.each([
      ['no address', 'somewhere'],
      ['nothing', ''],
      ['an address of something else', `https://user:${PASSWORD}@db/x`],
    ])('is not made with %s', async (_, url) => {
      const error = await refusalOf(Promise.resolve().then(() => server.createStore({ url })));
      expect(error).toMatchObject({ code: 'configuration_invalid', field: 'url' });
    });

    it.each<[string, string, unknown]>([
      ['nothing at all', 'url', undefined],
      ['null', 'url', null],
      ['a pool that is none', 'pool', { pool: {} }],
      ['a pool that is null', 'pool', { pool: null }],
      ['a pool and an address', 'url', { pool: { query: () => 1, end: () => 1, getConnection: () => 1 }, url: `https://user:${PASSWORD}@db/x` }],
    ])('is not made with %s, and neither are its tables', async (_, field, options) => {
      const create = async () => server.createStore(options as { url: string });
      expect(await refusalOf(create())).toMatchObject({ code: 'configuration_invalid', field });
      const migrate = server.name === 'postgres' ? migratePostgres : migrateMysql;
      expect(await refusalOf(migrate(options as { url: string }))).toMatchObject({ code: 'configuration_invalid', field });
    });

    it('says of a server of another kind that it does not speak the protocol', async () => {
      const other = new URL(server.name === 'postgres' ? MYSQL.url : POSTGRES.url);
      const store = openStore(withParts(database.url, { hostname: other.hostname, port: other.port, password: PASSWORD }));
      for (const call of [() => store.update(keyOf('a'), increment), () => store.read(keyOf('a')), () => store.ping()]) {
        expect(await refusalOf(call())).toMatchObject({
          code: 'store_unavailable',
          message: expect.stringMatching(/^(?:what listens at host and port of the url does not speak the protocol|nothing at .* answers in time) /),
        });
      }
    });

    it('is not made with no connections', async () => {
      const error = await refusalOf(Promise.resolve().then(() => server.createStore({ url: database.url, poolSize: 0 })));
      expect(error).toMatchObject({ code: 'configuration_invalid', field: 'poolSize' });
    });

    it('says that a login was refused', async () => {
      const store = openStore(withParts(database.url, { username: 'nobody_of_ours', password: PASSWORD }));
      for (const error of await Promise.all(everyCall(store).map(refusalOf))) {
        expect(error).toMatchObject({ code: 'configuration_invalid', message: expect.stringMatching(/refused the user|may not use/) });
      }
    });

    it('says that an address cannot be read', async () => {
      const store = openStore(database.url.replace('://', `://us%er:${PASSWORD}@`).replace(/@[^@]*@/, '@'));
      expect(await refusalOf(store.update(keyOf('a'), increment))).toMatchObject({
        code: 'configuration_invalid',
        // One of the drivers takes such a sign for itself.
        message: expect.stringMatching(/percent sign|refused the user/),
      });
    });

    it('says that a database does not exist', async () => {
      const store = openStore(inDatabase(server.url, newDatabaseName()));
      for (const error of await Promise.all(everyCall(store).map(refusalOf))) {
        expect(error).toMatchObject({ code: 'configuration_invalid', message: expect.stringContaining('does not exist') });
      }
    });

    it('says that a server cannot be reached, and what it was told to write was not', async () => {
      const store = openStore(withParts(database.url, { port: await closedPort() }));
      for (const error of await Promise.all(everyCall(store).map(refusalOf))) {
        expect(error).toMatchObject({ code: 'store_unavailable', message: expect.stringContaining('cannot be reached') });
      }
    });

    it('says that a host is not known', async () => {
      const store = openStore(withParts(database.url, { hostname: 'no-such-host.invalid' }));
      expect(await refusalOf(store.ping())).toMatchObject({ code: 'store_unavailable', message: expect.stringContaining('cannot be reached') });
    });

    it('makes no tables by itself, names the command that does, and goes on when they are there', async () => {
      const name = newDatabaseName();
      const url = inDatabase(server.url, name);
      await server.createDatabase(name);
      onTestFinished(() => server.dropDatabase(name));
      const store = openStore(url);
      for (const error of await Promise.all(everyCall(store).map(refusalOf))) {
        expect(error).toMatchObject({ code: 'configuration_invalid', message: expect.stringContaining('countersign migrate') });
      }
      await server.migrate(url);
      expect(await store.update(keyOf('a'), increment)).toBe(1);
      await store.close();
    });

    it('does not work on tables of a later version, nor migrate them', async () => {
      await server.run(database.url, 'INSERT INTO countersign_schema (version) VALUES (99)');
      try {
        const store = openStore(database.url);
        expect(await refusalOf(store.update(keyOf('a'), increment))).toMatchObject({
          code: 'configuration_invalid',
          message: expect.stringContaining('later version'),
        });
        expect(await refusalOf(server.migrate(database.url))).toMatchObject({
          code: 'configuration_invalid',
          message: expect.stringContaining('99'),
        });
      } finally {
        await server.run(database.url, 'DELETE FROM countersign_schema WHERE version = 99');
      }
    });

    it('reports a table that goes away, and goes on when it is back', async () => {
      const store = openStore(database.url);
      await store.update(keyOf('a'), increment);
      await server.run(database.url, 'ALTER TABLE countersign_records RENAME TO countersign_elsewhere');
      expect(await refusalOf(store.update(keyOf('b'), increment))).toMatchObject({ code: 'configuration_invalid' });
      await server.run(database.url, 'ALTER TABLE countersign_elsewhere RENAME TO countersign_records');
      expect(await store.update(keyOf('a'), increment)).toBe(2);
    });

    it('rejects calls on a record that something else has written, and no others', async () => {
      const store = openStore(database.url);
      await Promise.all([store.update(keyOf('a'), put('x')), store.update(keyOf('b'), put('x'))]);
      await server.run(database.url, `UPDATE countersign_records SET version = 'theirs' WHERE id = 'a'`);
      const calls = ['a', 'b'].map((id) => use(server.createStore({ url: database.url })).update(keyOf(id), put('y')));
      const [refused, other] = await Promise.all([refusalOf(calls[0]!), codeOf(calls[1]!)]);
      expect(refused).toMatchObject({ code: 'store_unavailable', message: expect.stringContaining('version') });
      expect(other).toBe('resolved');
    });

    it.each([
      ['no record of ours', '{"a":1}', /not one of ours: .* backup/],
      ['no JSON', 'x', /not one of ours: .* backup/],
      ['a record of a newer version', '[99]', /newer version of countersign: update this process/],
    ])('lets nothing be checked or sent where it holds %s', async (_, body, message) => {
      const sender = createRecordingSender();
      const provider = createSelfIssuedProvider({ senders: [sender] });
      // Each time another process: one that knows the record does not read it.
      const join = () => createVerifier({ secret: 'a secret of at least 32 bytes, for tests only', store: openStore(database.url), provider });
      const { id } = (await join().start({ to: TO })) as { id: string };
      const code = sender.messagesTo(TO).at(-1)?.code.reveal() ?? '';
      await server.run(database.url, `UPDATE countersign_records SET body = '${body}' WHERE kind = 'destination'`);
      for (const call of [() => join().check({ id, code }), () => join().start({ to: TO }), () => join().resend({ id })]) {
        expect(await refusalOf(call())).toMatchObject({ code: 'store_unavailable', message: expect.stringMatching(message) });
      }
      expect(sender.calls).toBe(1);
    });

    it('rejects the one call whose row is refused, and writes its neighbours', async () => {
      const trigger = {
        postgres: `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no ${PASSWORD}'; END $$;
          CREATE TRIGGER refusing BEFORE INSERT ON countersign_records FOR EACH ROW WHEN (new.id = 'bad') EXECUTE FUNCTION refuse()`,
        mysql: `CREATE TRIGGER refusing BEFORE INSERT ON countersign_records FOR EACH ROW
          BEGIN IF NEW.id = 'bad' THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no ${PASSWORD}'; END IF; END`,
      }[server.name];
      await server.run(database.url, trigger);
      const store = openStore(database.url);
      const calls = ['a', 'bad', 'b', 'a'].map((id) => store.update(keyOf(id), increment));
      const bad = refusalOf(calls[1]!);
      expect(await Promise.all(calls.map(codeOf))).toEqual(['resolved', 'store_unavailable', 'resolved', 'resolved']);
      expect(await bad).toMatchObject({ message: expect.stringContaining('refuses a record') });
      expect((await store.read(keyOf('a'))).body).toBe('2');
      await server.run(database.url, server.name === 'postgres' ? 'DROP FUNCTION refuse CASCADE' : 'DROP TRIGGER refusing');
    });

    it('refuses a key that is longer than a column, before anything is sent', async () => {
      const store = openStore(database.url);
      expect(await codeOf(store.update(keyOf('x'.repeat(1_024)), increment))).toBe('resolved');
      expect(await codeOf(store.update(keyOf('é'.repeat(513)), increment))).toBe('store_unavailable');
      expect(await codeOf(store.read(keyOf('a', { kind: 'k'.repeat(65) })))).toBe('store_unavailable');
    });

    it('says that the package of the driver is missing', () => {
      const root = fileURLToPath(new URL('../..', import.meta.url));
      if (!existsSync(join(root, 'dist'))) throw new Error('dist/ is not built: run "npm test", which builds it first');
      const bare = mkdtempSync(join(tmpdir(), 'countersign-bare-'));
      onTestFinished(() => rmSync(bare, { recursive: true }));
      for (const file of ['dist', 'package.json']) cpSync(join(root, file), join(bare, 'node_modules/countersign', file), { recursive: true });
      const make = server.name === 'postgres' ? 'createPostgresStore' : 'createMysqlStore';
      const program = `import { ${make} } from 'countersign/stores/${server.name}';
        const store = ${make}({ url: '${database.url}' });
        try { await store.ping(); } catch (error) { console.log(error.code, error.message); }`;
      const output = execFileSync(process.execPath, ['--input-type=module', '--eval', program], { cwd: bare, encoding: 'utf8' });
      expect(output).toMatch(/^configuration_invalid .*npm install (?:pg|mysql2)/);
    });
  });
}

await describeOn(POSTGRES, 'PostgreSQL, what goes wrong there alone', () => {
  const database = useDatabase(POSTGRES);
  const server: TestServer = POSTGRES;

  it.each([
    ['a word for sslmode that there is not', 'sslmode=required', /sslmode .* must be one of disable, prefer, require/],
    ['a file for TLS that is not there', 'sslmode=verify-full&sslrootcert=/no/such/file.pem', /file for TLS .* cannot be read: correct sslrootcert/],
    ['verification without an authority', 'uselibpqcompat=true&sslmode=verify-ca', /cannot be used: correct what stands behind/],
    ['a setting that there is not', `options=-c%20no_such_setting%3D${PASSWORD}`, /does not know a setting.*correct options/],
    ['a value that a setting does not take', `options=-c%20statement_timeout%3D${PASSWORD}`, /does not know a setting.*correct options/],
    ['TLS that the server does not speak', 'sslmode=verify-full', /does not speak TLS/],
    ['a port that is none', 'port=x', /port that is none/],
  ])('says what is wrong with an address with %s', async (_, search, message) => {
    const open = async () => use(createPostgresStore({ url: `${withParts(database.url, { password: PASSWORD })}?${search}` })).ping();
    expect(await refusalOf(open())).toMatchObject({ code: 'configuration_invalid', message: expect.stringMatching(message) });
  });

  it('keeps the settings of an address beside its own', async () => {
    await server.run(database.url, 'CREATE SCHEMA elsewhere');
    const url = `${database.url}?options=-c%20search_path%3Delsewhere%20-c%20statement_timeout%3D0`;
    const store = use(createPostgresStore({ url }));
    expect(await refusalOf(store.ping())).toMatchObject({ message: expect.stringContaining('countersign migrate') });
    await server.migrate(url);
    const holder = await server.connect(database.url);
    await holder.run('BEGIN; LOCK TABLE elsewhere.countersign_records IN ACCESS EXCLUSIVE MODE');
    expect(await refusalOf(store.read(keyOf('a')))).toMatchObject({ message: expect.stringContaining('statement_timeout') });
    await holder.end();
    expect(await store.update(keyOf('a'), increment)).toBe(1);
  });

  it('says that every connection of a pool that waits for ever is in use', async () => {
    const pool = new pg.Pool({ connectionString: database.url, max: 1 });
    onTestFinished(() => pool.end());
    const store = use(createPostgresStore({ pool: pool as PostgresPool }));
    await store.update(keyOf('w'), put('1'));
    const taken = await pool.connect();
    for (const error of await Promise.all([store.read(keyOf('w')), store.update(keyOf('x'), increment), store.ping()].map(refusalOf))) {
      expect(error).toMatchObject({
        code: 'store_unavailable',
        message: expect.stringContaining('every connection of the pool to PostgreSQL is in use'),
      });
    }
    taken.release();
    expect(await store.update(keyOf('w'), increment)).toBe(2);
  });

  it('says that a database can only be read, and goes on when it can be written', async () => {
    await server.run(server.url, `ALTER DATABASE ${database.name} SET default_transaction_read_only = on`);
    const store = use(createPostgresStore({ url: database.url, poolSize: 1 }));
    for (const error of await Promise.all(everyCall(store).map(refusalOf))) {
      expect(error).toMatchObject({ code: 'store_unavailable', message: expect.stringMatching(/primary.* default_transaction_read_only/) });
    }
    await server.run(server.url, `ALTER DATABASE ${database.name} RESET default_transaction_read_only`);
    expect(await store.update(keyOf('a'), increment)).toBe(1);
  });

  it('says that every connection is in use, and serves again when one is free', async () => {
    const pool = new pg.Pool({ connectionString: database.url, max: 1, connectionTimeoutMillis: 50 });
    onTestFinished(() => pool.end());
    const taken = await pool.connect();
    const store = use(createPostgresStore({ pool: pool as PostgresPool }));
    expect(await refusalOf(store.update(keyOf('p'), increment))).toMatchObject({
      code: 'store_unavailable',
      message: expect.stringContaining('in use'),
    });
    taken.release();
    expect(await store.update(keyOf('p'), increment)).toBe(1);
  });

  it('says that a statement took too long', async () => {
    const holder = await server.connect(database.url);
    await holder.run('BEGIN; LOCK TABLE countersign_records IN ACCESS EXCLUSIVE MODE');
    const store = use(createPostgresStore({ url: database.url }));
    expect(await refusalOf(store.read(keyOf('a')))).toMatchObject({
      code: 'store_unavailable',
      message: expect.stringContaining('statement_timeout'),
    });
    await holder.end();
    await store.read(keyOf('a'));
  });

  it('does not work on a database that cannot keep every letter', async () => {
    const name = newDatabaseName();
    await server.run(server.url, `CREATE DATABASE ${name} ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0`);
    onTestFinished(() => server.dropDatabase(name));
    const store = use(createPostgresStore({ url: inDatabase(server.url, name) }));
    expect(await refusalOf(store.ping())).toMatchObject({ code: 'configuration_invalid', message: expect.stringContaining('UTF8') });
  });

  it('says that the user lacks rights, and needs no more than the page says', async () => {
    const role = newDatabaseName();
    await server.run(server.url, `CREATE ROLE ${role} LOGIN PASSWORD '${PASSWORD}'`);
    onTestFinished(async () => {
      await server.run(database.url, `DROP OWNED BY ${role}`);
      await server.run(server.url, `DROP ROLE ${role}`);
    });
    const store = use(createPostgresStore({ url: withParts(database.url, { username: role, password: PASSWORD }) }));
    expect(await refusalOf(store.ping())).toMatchObject({ code: 'configuration_invalid', message: expect.stringContaining('grant') });
    await server.run(
      database.url,
      `GRANT SELECT, UPDATE ON countersign_schema TO ${role}; GRANT SELECT, UPDATE, DELETE ON countersign_records, countersign_journal TO ${role}`,
    );
    expect(await refusalOf(store.ping())).toMatchObject({
      code: 'configuration_invalid',
      message: expect.stringContaining('grant it INSERT on countersign_journal, INSERT on countersign_records'),
    });
    // As docs/postgres.md says.
    await server.run(
      database.url,
      `GRANT SELECT, INSERT, UPDATE, DELETE ON countersign_records, countersign_journal TO ${role};
       GRANT SELECT, UPDATE ON countersign_schema TO ${role}`,
    );
    expect(await Promise.all(everyCall(store).map(codeOf))).toEqual(Array(7).fill('resolved'));
    await store.close();
  });

  it('leaves the settings of a pool that is handed in as they are', async () => {
    const pool = new pg.Pool({ connectionString: database.url, max: 1 });
    onTestFinished(() => pool.end());
    const settings = async () => (await pool.query(`SELECT name, setting FROM pg_settings WHERE name <> 'application_name'`)).rows;
    const before = await settings();
    const store = createPostgresStore({ pool: pool as PostgresPool });
    await store.update(keyOf('s'), increment);
    await store.close();
    expect(await settings()).toEqual(before);
  });
});

await describeOn(MYSQL, 'MySQL, what goes wrong there alone', () => {
  const database = useDatabase(MYSQL);

  it.each([
    ['no object for TLS', 'ssl=true', /cannot be used: correct what stands behind/],
    ['a profile for TLS that there is not', `ssl=${PASSWORD}`, /cannot be used: correct what stands behind/],
    ['a word for TLS of another driver', 'ssl-mode=REQUIRED', /TLS for MySQL is asked for by ssl in the url/],
    ['another', 'useSSL=true', /TLS for MySQL is asked for by ssl in the url/],
    ['TLS that the server does not speak', 'ssl={}', /does not speak TLS/],
  ])('says what is wrong with an address with %s', async (_, search, message) => {
    const open = async () => use(createMysqlStore({ url: `${withParts(database.url, { password: PASSWORD })}?${search}` })).ping();
    expect(await refusalOf(open())).toMatchObject({ code: 'configuration_invalid', message: expect.stringMatching(message) });
  });

  it('is not made with a pool of callbacks', async () => {
    const { pool } = mysql.createPool({ uri: database.url }) as unknown as { pool: MysqlPool };
    const create = async () => createMysqlStore({ pool });
    expect(await refusalOf(create())).toMatchObject({
      code: 'configuration_invalid',
      field: 'pool',
      message: expect.stringContaining('pool.promise()'),
    });
  });

  it('says that its pool was ended', async () => {
    const pool = mysql.createPool({ uri: database.url, connectionLimit: 1 });
    const store = use(createMysqlStore({ pool }));
    await store.ping();
    await pool.end();
    for (const error of await Promise.all(everyCall(store).map(refusalOf))) {
      expect(error).toMatchObject({ code: 'store_unavailable', message: 'the pool of MySQL connections was ended' });
    }
  });

  it('says that the user lacks rights, and needs no more than the page says', async () => {
    const user = newDatabaseName().slice(0, 30);
    await MYSQL.run(MYSQL.url, `CREATE USER ${user}@'%' IDENTIFIED BY '${PASSWORD}'`);
    onTestFinished(() => MYSQL.run(MYSQL.url, `DROP USER ${user}@'%'`).then(() => undefined));
    await MYSQL.run(MYSQL.url, `GRANT SELECT, UPDATE, DELETE ON ${database.name}.* TO ${user}@'%'`);
    const store = use(createMysqlStore({ url: withParts(database.url, { username: user, password: PASSWORD }) }));
    expect(await refusalOf(store.ping())).toMatchObject({
      code: 'configuration_invalid',
      message: expect.stringContaining('grant it SELECT, INSERT'),
    });
    // As docs/mysql.md says.
    await MYSQL.run(MYSQL.url, `GRANT SELECT, INSERT, UPDATE, DELETE ON ${database.name}.* TO ${user}@'%'`);
    expect(await Promise.all(everyCall(store).map(codeOf))).toEqual(Array(7).fill('resolved'));
  });

  it('says that an address names no database', async () => {
    const store = use(createMysqlStore({ url: withParts(MYSQL.url, { pathname: '/' }) }));
    expect(await refusalOf(store.ping())).toMatchObject({
      code: 'configuration_invalid',
      message: expect.stringContaining('must name a MySQL database'),
    });
  });

  it('says that every connection is in use, and serves again when one is free', async () => {
    const pool = mysql.createPool({ uri: database.url, connectionLimit: 1 });
    onTestFinished(() => pool.end());
    const taken = await pool.getConnection();
    const store = use(createMysqlStore({ pool }));
    expect(await refusalOf(store.ping())).toMatchObject({ code: 'store_unavailable', message: expect.stringContaining('in use') });
    taken.release();
    expect(await store.update(keyOf('p'), increment)).toBe(1);
  });

  it('says that a statement took too long', async () => {
    const holder = await MYSQL.connect(database.url);
    await holder.run('LOCK TABLES countersign_records WRITE');
    const store = use(createMysqlStore({ url: database.url }));
    expect(await refusalOf(store.read(keyOf('a')))).toMatchObject({ code: 'store_unavailable', message: expect.stringContaining('took longer') });
    await holder.run('UNLOCK TABLES');
    await holder.end();
    await store.read(keyOf('a'));
  });
});

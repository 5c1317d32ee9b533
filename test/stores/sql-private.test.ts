import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { createFakeClock } from '../../src/testing/fake-clock.ts';
import { findSecrets } from '../model/secrecy.ts';
import { expectFull, NUMBER, playAll, REQUESTER, Scene } from '../model/secrecy-scene.ts';
import { createPrivateServer, describeWithPrivate, makeStandby, type PrivateServer } from './private-servers.ts';
import { inDatabase, MYSQL, POSTGRES, type TestServer } from './sql-servers.ts';
import { codeOf, increment, keyOf, put } from './store-behaviour.ts';

/** All there is in a database, as its own tool writes it down. */
function dump(server: TestServer, url: string): Buffer {
  const { hostname, port, username, pathname } = new URL(url);
  const database = pathname.slice(1);
  const maxBuffer = 2 ** 28;
  if (server.name === 'postgres') return execFileSync('pg_dump', ['--dbname', url], { maxBuffer });
  return execFileSync('mysqldump', ['--no-defaults', '-h', hostname, '-P', port, '-u', username, '--hex-blob', database], { maxBuffer });
}

for (const server of [POSTGRES, MYSQL]) {
  describeWithPrivate(server, `${server.name}: a server of its own`, () => {
    let own: PrivateServer;
    let url: string;
    beforeAll(async () => {
      own = await createPrivateServer(server);
      url = inDatabase(own.url, 'countersign');
      await own.start();
      await server.run(own.url, 'CREATE DATABASE countersign');
      await server.migrate(url);
    });
    afterAll(() => own.remove());

    it('I9: codes, numbers, addresses and secrets are in no table, no log of writes and no other log of it', async () => {
      const clock = createFakeClock();
      const scene = new Scene(clock, server.createStore({ url, clock }));
      await playAll(scene);
      scene.caught.text('dump', dump(server, url));
      await scene.store.close();
      await scene.call('a closed store', () => scene.verifier.start({ to: NUMBER, requester: REQUESTER }));
      // What it keeps in memory is in the files when it has ended.
      await own.stop();
      const files = readdirSync(own.folder, { recursive: true, withFileTypes: true }).filter((file) => file.isFile());
      for (const file of files) scene.caught.text(file.name, readFileSync(join(file.parentPath, file.name)));
      await own.start();
      expectFull(scene);
      const marks = { 'something that is there': 'countersign_records' };
      const places = new Set(findSecrets(scene.caught.places, marks).map(({ place }) => place));
      const expected = server.name === 'postgres' ? ['dump', 'server.log'] : ['dump', 'general.log', 'binlog.000001'];
      expect([...places]).toEqual(expect.arrayContaining(expected));
      expect(findSecrets(scene.caught.places, scene.secrets())).toEqual([]);
    });

    it('is served again after it went down and came back, without a restart of the process', async () => {
      const store = server.createStore({ url });
      onTestFinished(() => store.close());
      await store.update(keyOf('a'), put('1'));
      await own.stop();
      expect(await codeOf(store.update(keyOf('b'), increment))).toBe('store_unavailable');
      expect(await codeOf(store.ping())).toBe('store_unavailable');
      await own.start();
      expect(await store.update(keyOf('a'), increment)).toBe(2);
      await store.ping();
    });
  });
}

describeWithPrivate(POSTGRES, 'PostgreSQL: a standby', () => {
  it('is refused for reading as well as for writing, as it lags, and served when it is the primary', async () => {
    const own = await createPrivateServer(POSTGRES);
    onTestFinished(() => own.remove());
    const url = inDatabase(own.url, 'countersign');
    await own.start();
    await POSTGRES.run(own.url, 'CREATE DATABASE countersign');
    await POSTGRES.migrate(url);
    const old = POSTGRES.createStore({ url });
    onTestFinished(() => old.close());
    await old.update(keyOf('a'), put('1'));
    await own.stop();
    makeStandby(own);
    await own.start();
    const store = POSTGRES.createStore({ url });
    onTestFinished(() => store.close());
    // One that has just connected, and one that knew it as a primary.
    for (const handle of [store, old]) {
      for (const call of [() => handle.read(keyOf('a')), () => handle.update(keyOf('b'), increment), () => handle.ping()]) {
        await expect(call()).rejects.toMatchObject({ code: 'store_unavailable', message: expect.stringContaining('primary') });
      }
    }
    await expect(POSTGRES.migrate(url)).rejects.toMatchObject({ code: 'store_unavailable' });
    await POSTGRES.run(own.url, 'SELECT pg_promote(true)');
    expect(await store.update(keyOf('a'), increment)).toBe(2);
    expect(await old.update(keyOf('a'), increment)).toBe(3);
  });
});

describeWithPrivate(MYSQL, 'MySQL: a server that does not keep what it answers, or may only be read', () => {
  it('is refused, saying what to set', async () => {
    const own = await createPrivateServer(MYSQL);
    onTestFinished(() => own.remove());
    const url = inDatabase(own.url, 'countersign');
    await own.start();
    await MYSQL.run(own.url, 'CREATE DATABASE countersign');
    await MYSQL.migrate(url);
    await MYSQL.run(own.url, `CREATE USER app@'127.0.0.1' IDENTIFIED BY ''; GRANT ALL ON countersign.* TO app@'127.0.0.1'`);
    const asApp = Object.assign(new URL(url), { username: 'app' }).href;
    const known = MYSQL.createStore({ url: asApp });
    onTestFinished(() => known.close());
    expect(await known.update(keyOf('a'), increment)).toBe(1);

    await MYSQL.run(own.url, 'SET GLOBAL read_only = 1');
    const readOnly = MYSQL.createStore({ url: asApp });
    onTestFinished(() => readOnly.close());
    for (const store of [known, readOnly]) {
      for (const call of [() => store.update(keyOf('a'), increment), () => store.ping()]) {
        await expect(call()).rejects.toMatchObject({ code: 'store_unavailable', message: expect.stringContaining('primary') });
      }
    }
    await MYSQL.run(own.url, 'SET GLOBAL read_only = 0');
    expect(await readOnly.update(keyOf('a'), increment)).toBe(2);

    await MYSQL.run(own.url, 'SET GLOBAL innodb_flush_log_at_trx_commit = 2');
    const lossy = MYSQL.createStore({ url });
    onTestFinished(() => lossy.close());
    await expect(lossy.ping()).rejects.toMatchObject({
      code: 'configuration_invalid',
      message: expect.stringContaining('innodb_flush_log_at_trx_commit'),
    });
  });
});

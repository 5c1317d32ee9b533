import { arch, cpus, totalmem } from 'node:os';
import { loadSqliteDriver } from '../../src/stores/sqlite-driver.ts';

/** What a figure depends on beside the code. Nothing that names the machine or where things lie on it. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memory: string;
  readonly node: string;
  readonly sqlite: string;
  readonly driver: string;
  /** Of the minute before the run: above about half a core the figures are another program's too. */
  readonly load: string;
}

export function describeMachine(load: number): Machine {
  const all = cpus();
  return {
    cpu: `${all[0]?.model.trim()} (${arch()})`,
    cores: all.length,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    node: process.versions.node,
    ...describeSqlite(),
    load: load.toFixed(2),
  };
}

function describeSqlite(): Pick<Machine, 'sqlite' | 'driver'> {
  const database = new (loadSqliteDriver().DatabaseSync)(':memory:');
  const { version } = database.prepare('SELECT sqlite_version() AS version').get() as { version: string };
  database.close();
  return { sqlite: version, driver: process.getBuiltinModule('node:sqlite') === undefined ? '@photostructure/sqlite' : 'node:sqlite' };
}

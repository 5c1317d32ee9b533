import { CountersignError } from '../../core/errors.ts';

/** A setting of the server that may cost records, and that its operator has decided to live with. */
export type RedisRisk = (typeof RISKS)[number];

const RISKS = ['eviction', 'no_append_only_file'] as const;

/** Ensure that what is acknowledged is what can be: a word that is misspelled would leave its owner with a server that is refused. */
export function assertRisks(acknowledge: readonly RedisRisk[]): void {
  if (Array.isArray(acknowledge) && acknowledge.every((risk) => RISKS.includes(risk))) return;
  throw new CountersignError('configuration_invalid', `acknowledge must be a list of ${RISKS.join(', ')}`, { field: 'acknowledge' });
}

/**
 * Ensure, from what `INFO` says, that a master keeps what it is given: a record pushed out or lost at a restart is a limit forgotten, and nobody is
 * told. See https://redis.io/docs/latest/develop/reference/eviction/ and https://redis.io/docs/latest/operate/oss_and_stack/management/persistence/
 *
 * @throws CountersignError `configuration_invalid` for a setting that may cost records.
 */
export function assertKeepsRecords(info: string, acknowledged: readonly RedisRisk[]): void {
  const said = new Map(info.split('\n').map((line) => line.trim().split(':', 2) as [string, string]));
  const policy = said.get('maxmemory_policy') ?? 'unknown';
  if (policy !== 'noeviction' && !acknowledged.includes('eviction')) {
    throw refusal(`its maxmemory-policy is ${policy}, which may drop records: set maxmemory-policy to noeviction`, 'eviction');
  }
  if (said.get('aof_enabled') !== '1' && !acknowledged.includes('no_append_only_file')) {
    throw refusal('it keeps no append-only file, and forgets records when it restarts: set appendonly to yes', 'no_append_only_file');
  }
}

/**
 * Ensure that a single server answers for all records: that it is neither a replica nor one of a cluster. Of a cluster's nodes nothing is asked: one may be
 * handing over to its replica at this moment, and its client will find the other.
 *
 * @throws CountersignError `store_unavailable` for a replica, `configuration_invalid` for a cluster's node.
 */
export function assertAlone(info: string): void {
  if (/^role:slave\s*$/m.test(info)) {
    throw new CountersignError('store_unavailable', 'the Redis server is a read-only replica: give the url of its primary');
  }
  if (!/^cluster_enabled:1\s*$/m.test(info)) return;
  const message = 'the Redis server is a node of a cluster: give the URLs of its nodes as a list';
  throw new CountersignError('configuration_invalid', message, { field: 'url' });
}

function refusal(what: string, risk: RedisRisk): CountersignError {
  const message = `the Redis server is refused: ${what}, or acknowledge: ['${risk}'] what that can lose`;
  return new CountersignError('configuration_invalid', message, { field: 'acknowledge' });
}

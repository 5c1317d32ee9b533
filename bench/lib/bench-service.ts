import { pino } from 'pino';
import type { Store } from '../../src/index.ts';
import { createService } from '../../src/service/service.ts';
import type { HttpClient, HttpOrder } from './http-client.ts';
import { cpuSince, type Load } from './load.ts';
import { SECRET, sender } from './subject.ts';

/** A service that listens, with one tenant and a key of its that may check. */
export interface BenchService {
  readonly port: number;
  readonly tenant: string;
  readonly authorization: string;
  close(): Promise<void>;
}

/** Every setting as it comes, except for rates, which are high; logs go to /dev/null. @param compatibility of the tenant. */
export async function listenService(store: Store, compatibility: 'twilio' | null = null): Promise<BenchService> {
  const high = { keyPerMinute: 600_000, keyBurst: 100_000, addressPerMinute: 600_000, addressBurst: 100_000 };
  const log = pino.destination({ dest: '/dev/null', sync: true });
  const service = await createService({ secret: SECRET, port: 0, rates: high }, { store, senders: [sender], log, hasMetricsListener: false });
  const { id: tenant } = await service.tenants.createService({ name: 'bench', compatibility });
  const { key, secret } = await service.tenants.createKey({ name: 'bench', service: tenant, scopes: ['check'] });
  const authorization = `Basic ${Buffer.from(`${key.id}:${secret.reveal()}`).toString('base64')}`;
  return { port: portOf((await service.listen()).url), tenant, authorization, close: () => service.close() };
}

export function portOf(url: string): number {
  return Number(new URL(url).port);
}

/** Makes guesses over HTTP, half of them right. Ensure that what is timed is a guess that was judged, and not a refusal, which is cheap. */
export async function guessOverHttp(client: HttpClient, order: HttpOrder): Promise<Load> {
  const count = order.requests.length;
  const cpu = process.cpuUsage();
  const { ms, statuses } = await client.run(order);
  const cpuMicros = cpuSince(cpu) / count;
  if (statuses.approved !== count / 2 || statuses.pending !== count / 2) throw new Error(`answered ${JSON.stringify(statuses)}`);
  return { opsPerSecond: (count / ms) * 1_000, cpuMicros };
}

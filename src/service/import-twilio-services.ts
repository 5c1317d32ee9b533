import { CountersignError } from '../core/errors.ts';
import { decideImportService } from '../engine/service-acts.ts';
import { toServiceKey } from '../engine/service-record.ts';
import type { DeploymentLimits } from '../engine/service-settings.ts';
import type { Store } from '../stores/store.ts';
import type { TwilioService, TwilioServices } from './read-twilio-services.ts';

/** What became of the services of a file. */
export interface TwilioImportReport {
  readonly services: readonly ImportedService[];
  /** Whether there are more where these came from. */
  readonly hasMore: boolean;
}

/** What became of one. */
export interface ImportedService {
  readonly id: string;
  readonly name: string;
  /** One that is there already, for Twilio's clients, stays as it is. */
  readonly outcome: 'made' | 'already_there';
  /** What it used at Twilio and does not here, in plain words. */
  readonly leftOut: readonly string[];
}

/** Where they go. */
export interface TwilioImportTarget {
  readonly store: Pick<Store, 'read' | 'update'>;
  readonly deployment: DeploymentLimits;
  /** Who acts, in the journal. */
  readonly by: string;
}

/**
 * Makes services with the sids that they have at Twilio, so that a client changes nothing but where it asks. All are judged before the first is made; where the
 * store fails in between, running it again goes on.
 *
 * @throws {CountersignError} `invalid_request` where a service is at fault, naming its place and the fields, and `conflict` where one is there that Twilio's
 * clients do not find: then none was made.
 */
export async function importTwilioServices({ services, hasMore }: TwilioServices, target: TwilioImportTarget): Promise<TwilioImportReport> {
  const { store } = target;
  for (const [position, service] of services.entries()) {
    const { body, now } = await store.read(toServiceKey(service.sid));
    try {
      decide(service, target)(body, now);
    } catch (error) {
      throw error instanceof CountersignError && (error.code === 'invalid_request' || error.code === 'conflict') ? at(position, error) : error;
    }
  }
  const imported: ImportedService[] = [];
  for (const service of services) {
    const outcome = await store.update(toServiceKey(service.sid), decide(service, target));
    imported.push({ id: service.sid, name: service.fields.name, outcome, leftOut: service.leftOut });
  }
  return { services: imported, hasMore };
}

function decide({ sid, fields }: TwilioService, { deployment, by }: TwilioImportTarget): ReturnType<typeof decideImportService> {
  return decideImportService(fields, { id: sid, deployment, by });
}

function at(position: number, { code, message }: CountersignError): CountersignError {
  return new CountersignError(code, `services[${position}] cannot be made: ${message}`, { field: 'file' });
}

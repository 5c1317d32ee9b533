import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { CountersignError } from '../core/errors.ts';
import { createKeyRing } from '../core/keys.ts';
import { decideFingerprint, FINGERPRINT_KEY } from '../engine/index-fingerprint.ts';
import type { Store } from '../stores/store.ts';
import { checkCredentials } from './check-credentials.ts';
import { toKeyOptions } from './compose-service.ts';
import type { Finding } from './finding.ts';
import { isSqlitePath, openStore } from './open-store.ts';
import { findTestNumbers } from './preflight.ts';
import { readSettings } from './read-settings.ts';
import type { Settings } from './settings.ts';
import { findSenderFault, findUnsafeSettings } from './unsafe-settings.ts';

export type { Finding } from './finding.ts';

/** A clock that is further off than this makes codes end early or late enough to notice, in milliseconds. */
const MAX_DRIFT = 2_000;

/** Looks at settings, store and credentials, changes nothing and sends nothing. Never rejects for what it finds. */
export async function diagnose(): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  const settings = await look(findings, 'settings', async () => readSettings());
  if (settings === undefined) return findings;
  const unsafe = findUnsafeSettings(settings);
  const senderFault = findSenderFault(settings);
  findings.push(...unsafe.map(({ setting, problem }) => ({ name: 'settings', status: 'fault' as const, text: `${setting} ${problem}` })));
  if (unsafe.length === 0) findings.push({ name: 'settings', status: 'ok', text: 'fit for production' });
  await diagnoseStore(findings, settings, senderFault === undefined);
  if (settings.provider === 'twilio_verify' || senderFault === undefined) findings.push(...(await checkCredentials(settings)));
  return findings;
}

async function diagnoseStore(findings: Finding[], settings: Settings, isComposable: boolean): Promise<void> {
  const { database } = settings;
  if (isSqlitePath(database) && !existsSync(database)) {
    findings.push({ name: 'store', ...describeNoFile(database) });
    return;
  }
  const store = await look(findings, 'store', () => openStore(database));
  if (store === undefined) return;
  try {
    // What fails here for good is the schema or a setting of the server; the store's own words say which and what to do.
    const answers = await look(findings, 'store', () => store.ping().then(() => true));
    if (answers === undefined) return;
    findings.push({ name: 'store', status: 'ok', text: `${store.describe().name} reads and writes, and its schema is as this version needs it` });
    const isOurs = await look(findings, 'secret', () => diagnoseSecret(findings, settings, store));
    if (isOurs === true && isComposable) await look(findings, 'services', () => diagnoseTestNumbers(findings, settings, store));
    await look(findings, 'clock', () => diagnoseClock(findings, store));
  } finally {
    await store.close().catch(() => undefined);
  }
}

function describeNoFile(database: string): Omit<Finding, 'name'> {
  const folder = dirname(database);
  if (existsSync(folder)) return { status: 'unknown', text: `there is no file ${database} yet: serve makes it` };
  return { status: 'fault', text: `there is no folder ${folder}: make it, or give COUNTERSIGN_DATABASE another path` };
}

async function diagnoseTestNumbers(findings: Finding[], settings: Settings, store: Store): Promise<void> {
  for (const { setting, problem } of await findTestNumbers(settings, store)) {
    findings.push({ name: 'services', status: 'fault', text: `${setting} ${problem}` });
  }
}

/** Whether the secret is the store's. */
async function diagnoseSecret(findings: Finding[], settings: Settings, store: Store): Promise<boolean> {
  if (settings.secret === undefined && settings.keys === undefined) return false;
  const { body, now } = await store.read(FINGERPRINT_KEY);
  if (body !== undefined) decideFingerprint(createKeyRing(toKeyOptions(settings)).fingerprint)(body, now);
  const text = body === undefined ? 'nothing was begun in this store yet' : 'it is the one that this store was begun with';
  findings.push({ name: 'secret', status: 'ok', text });
  return true;
}

async function diagnoseClock(findings: Finding[], store: Store): Promise<void> {
  const before = Date.now();
  const { now } = await store.read(FINGERPRINT_KEY);
  const after = Date.now();
  const drift = now < before ? now - before : Math.max(0, now - after);
  const isOff = Math.abs(drift) > MAX_DRIFT;
  const seconds = (Math.abs(drift) / 1_000).toFixed(1);
  const text = isOff
    ? `the store's is ${seconds} s ${drift < 0 ? 'behind' : 'ahead of'} this machine's: let both be set by NTP`
    : "this machine's and the store's agree";
  findings.push({ name: 'clock', status: isOff ? 'fault' : 'ok', text });
}

/** What `work` resolves with; a failure becomes a finding. */
async function look<T>(findings: Finding[], name: string, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof CountersignError)) throw error;
    findings.push({ name, status: 'fault', text: error.message });
    return undefined;
  }
}

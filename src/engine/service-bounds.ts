import type { Channel } from '../core/destination.ts';
import { SECOND } from '../core/duration.ts';
import type { Fault } from './faults.ts';
import type { Limits } from './limits.ts';
import type { DeploymentLimits, ServiceBudgets, ServiceFields } from './service-settings.ts';

/** What a verifier of one service is made of. */
export interface VerifierSettings {
  readonly limits: Limits;
  /** Absent where the deployment's is used, as are the next two. */
  readonly template?: string;
  readonly subject?: string;
  readonly origin?: string;
  /** Null for all countries. Empty where the deployment allows none of the service's any more: then nothing may be sent to a number. */
  readonly allowedCountries: readonly string[] | null;
  /** Empty where the deployment offers none of the service's any more. */
  readonly channels: readonly Channel[];
}

const BUDGETS: readonly (keyof ServiceBudgets)[] = ['sendsPerHour', 'sendsPerDay', 'wrongPerHour', 'wrongPerDay'];

/**
 * Where the fields given ask for more than the deployment allows. A service that was let have what the deployment then took back keeps the setting, and
 * {@link toVerifierSettings} goes by the stricter.
 */
export function findBoundFaults(given: Partial<ServiceFields>, { limits, allowedCountries, channels }: DeploymentLimits): readonly Fault[] {
  const { sendSpacingSeconds, budgets = {} } = given;
  const faults: (Fault | false)[] = [
    sendSpacingSeconds !== undefined &&
      sendSpacingSeconds * SECOND < limits.sendSpacing && { field: 'sendSpacingSeconds', problem: "must not be less than the deployment's" },
    exceeds(given.allowedCountries, allowedCountries) && { field: 'allowedCountries', problem: 'must be among those that the deployment allows' },
    exceeds(given.channels, channels) && { field: 'channels', problem: 'must be among those that the deployment offers' },
    ...BUDGETS.map((name) => (budgets[name] ?? 0) > limits[name] && { field: `budgets.${name}`, problem: "must not be more than the deployment's" }),
  ];
  return faults.filter((fault) => fault !== false);
}

/**
 * What a verifier of a service goes by: the service's own settings, and of budgets, spacing, countries and channels the stricter of both. Under `compatibility`
 * some are what the clients of another product know.
 *
 * A life of 2 minutes or less leaves no room for the deployment's `renewBefore`; it is then a fifth of the shorter life, as 2 minutes are of 10.
 */
export function toVerifierSettings(service: ServiceFields, deployment: DeploymentLimits): VerifierSettings {
  const { limits } = deployment;
  const [life, emailLife] = [service.lifeSeconds * SECOND, service.emailLifeSeconds * SECOND];
  const shorter = Math.min(life, emailLife);
  const strictest = (name: keyof ServiceBudgets) => Math.min(limits[name], service.budgets[name] ?? limits[name]);
  const { template, subject, origin } = service;
  return {
    limits: {
      ...limits,
      codeLength: service.codeLength,
      life,
      emailLife,
      renewBefore: limits.renewBefore < shorter ? limits.renewBefore : Math.floor(shorter / 5),
      ladder: service.ladderSeconds.map((seconds) => seconds * SECOND),
      sendSpacing: Math.max(limits.sendSpacing, service.sendSpacingSeconds * SECOND),
      sendsPerHour: strictest('sendsPerHour'),
      sendsPerDay: strictest('sendsPerDay'),
      knownSendsPerDay: Math.min(limits.knownSendsPerDay, service.budgets.sendsPerDay ?? limits.knownSendsPerDay),
      wrongPerHour: strictest('wrongPerHour'),
      wrongPerDay: strictest('wrongPerDay'),
      resendPolicy: service.resendPolicy,
      sharePending: service.sharePending,
      ...(service.compatibility === 'twilio' && toTwilioLimits(service)),
    },
    ...(template !== null && { template }),
    ...(subject !== null && { subject }),
    ...(origin !== null && { origin }),
    allowedCountries: common(service.allowedCountries, deployment.allowedCountries),
    channels: common(service.channels, deployment.channels) ?? [],
  };
}

/**
 * What Twilio's clients count on: five sends in ten minutes, ten seconds apart, one pending verification for a number, and none anew before one whose
 * guesses are used up has expired. The deployment's budgets stay, of sends and of guesses; its spacing does not.
 */
function toTwilioLimits({ ladderOnTop }: ServiceFields): Partial<Limits> {
  return {
    ...(ladderOnTop ? {} : { ladder: [] }),
    sendSpacing: 10 * SECOND,
    sendsPerVerification: 5,
    holdUsedUp: true,
    // A code is sent again as long as it lives.
    renewBefore: 1,
    sharePending: true,
  };
}

function exceeds(given: readonly string[] | null | undefined, allowed: readonly string[] | null): boolean {
  return given !== undefined && given !== null && allowed !== null && given.some((entry) => !allowed.includes(entry));
}

function common<T extends string>(given: readonly T[] | null, allowed: readonly T[] | null): readonly T[] | null {
  if (given === null || allowed === null) return given ?? allowed;
  return given.filter((entry) => allowed.includes(entry));
}

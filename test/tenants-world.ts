import { DEFAULT_LIMITS } from '../src/engine/limits.ts';
import type { DeploymentLimits, ServiceFields } from '../src/engine/service-settings.ts';

/** A deployment with the default limits, all countries and all channels. */
export const DEPLOYMENT: DeploymentLimits = { limits: DEFAULT_LIMITS, allowedCountries: null, channels: ['sms', 'call', 'whatsapp', 'email'] };

/** What a service has whose operator gave a name alone. */
export const PLAIN_FIELDS: ServiceFields = {
  name: 'Shop',
  codeLength: 6,
  lifeSeconds: 600,
  emailLifeSeconds: 600,
  ladderSeconds: [120, 300, 900, 86_400],
  sendSpacingSeconds: 30,
  resendPolicy: 'repeat',
  sharePending: false,
  purposes: null,
  origin: null,
  template: null,
  subject: null,
  allowedCountries: null,
  channels: null,
  budgets: {},
  checkByDestination: false,
  test: null,
};

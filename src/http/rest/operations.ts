import type { Operation } from '../operation.ts';
import { API_KEY_OPERATIONS } from './api-keys.ts';
import { CHECK_OPERATIONS } from './checks.ts';
import { DELIVERY_OPERATIONS } from './deliveries.ts';
import { DESTINATION_OPERATIONS } from './destinations.ts';
import { META_OPERATIONS } from './meta.ts';
import { SERVICE_OPERATIONS } from './services.ts';
import { SESSION_OPERATIONS } from './sessions.ts';
import { VERIFICATION_OPERATIONS } from './verifications.ts';

/** Every operation there is. */
export const OPERATIONS: readonly Operation[] = [
  ...VERIFICATION_OPERATIONS,
  ...CHECK_OPERATIONS,
  ...SESSION_OPERATIONS,
  ...DELIVERY_OPERATIONS,
  ...SERVICE_OPERATIONS,
  ...API_KEY_OPERATIONS,
  ...DESTINATION_OPERATIONS,
  ...META_OPERATIONS,
];

import { CHANNELS, type Channel } from '../core/destination.ts';

/** Whether `value` names at least one channel, and nothing that is none. */
export function isChannelList(value: unknown): value is readonly Channel[] {
  return Array.isArray(value) && value.length > 0 && value.every((channel) => CHANNELS.includes(channel));
}

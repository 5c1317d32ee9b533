import type { CountersignError } from '../core/errors.ts';
import { toRecordFault } from './record-fault.ts';

/** Reads what a store kept as a list by position. Nothing missing or of another type is taken for a value: it is `store_unavailable`, never a guess. */
export interface Unpacker {
  /** What is in the list behind its schema version. @param oldest the oldest version that is read. @defaultValue `schema` */
  open(body: string, schema: number, oldest?: number): readonly unknown[];
  number(value: unknown, min?: number): number;
  text(value: unknown): string;
  list(value: unknown, length: number): readonly unknown[];
  damaged(): CountersignError;
}

/** @param subject what the record is of, such as `this service`. */
export function createUnpacker(subject: string): Unpacker {
  const damaged = () => toRecordFault(subject, 'damaged');
  return {
    open(body, schema, oldest = schema) {
      const [version, ...fields] = parseList(body);
      if (Number.isInteger(version) && (version as number) >= oldest && (version as number) <= schema) return fields;
      throw toRecordFault(subject, typeof version === 'number' && version > schema ? 'newer' : 'foreign');
    },
    number(value, min = Number.MIN_SAFE_INTEGER) {
      if (!Number.isSafeInteger(value) || (value as number) < min) throw damaged();
      return value as number;
    },
    text(value) {
      if (typeof value !== 'string') throw damaged();
      return value;
    },
    list(value, length) {
      if (!Array.isArray(value) || value.length !== length) throw damaged();
      return value;
    },
    damaged,
  };
}

function parseList(body: string): readonly unknown[] {
  try {
    const parsed: unknown = JSON.parse(body);
    return Array.isArray(parsed) ? parsed : [];
  } catch {
    return [];
  }
}

import type { TSchema } from 'typebox';
import { isSection, SETTINGS_SCHEMA, type SectionSchema, type SettingNotes } from './settings-schema.ts';

/** One setting. */
export interface SettingEntry {
  /** As in the file: `smtp.url`. */
  readonly name: string;
  readonly path: readonly string[];
  /** Its variable; undefined where only the file can hold it. */
  readonly variable: string | undefined;
  readonly schema: TSchema & SettingNotes;
}

/** Every setting there is, in the order of the schema. */
export const SETTINGS: readonly SettingEntry[] = listSettings(SETTINGS_SCHEMA, []);

/** How a setting is named to whoever gave it: its variable, or its place in the file. */
export function toGivenName(path: readonly string[], isVariable: boolean): string {
  const setting = SETTINGS.find((entry) => entry.path.every((name, depth) => path[depth] === name));
  return isVariable && setting?.variable !== undefined ? setting.variable : path.join('.');
}

function listSettings({ properties }: SectionSchema, above: readonly string[]): SettingEntry[] {
  return Object.entries(properties).flatMap(([key, schema]) => {
    const path = [...above, key];
    if (isSection(schema)) return listSettings(schema, path);
    return [{ name: path.join('.'), path, variable: toVariable(path, schema), schema }];
  });
}

function toVariable(path: readonly string[], { variable }: SettingNotes): string | undefined {
  if (variable !== undefined) return variable ?? undefined;
  const words = path.map((name) => name.replaceAll(/[A-Z]/g, (capital) => `_${capital}`).toUpperCase());
  return `COUNTERSIGN_${words.join('_')}`;
}

import { readFileSync } from 'node:fs';
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import type { TSchema } from 'typebox';
import { CountersignError } from '../core/errors.ts';
import { parseJson } from '../http/parse-json.ts';
import { type Environment, readEnvironment } from './config.ts';
import { findSettingFaults, type SettingFault } from './setting-faults.ts';
import { SETTINGS, toGivenName } from './setting-names.ts';
import type { Settings, SettingsInput } from './settings.ts';
import { SETTINGS_SCHEMA, type SettingNotes } from './settings-schema.ts';

/** A variable names the file: it is no setting of the file itself. */
const FILE_VARIABLE = 'COUNTERSIGN_CONFIG';

/** Other words in our namespace: what they belong to says so. */
const KNOWN_VARIABLES: ReadonlySet<string> = new Set([FILE_VARIABLE, ...SETTINGS.flatMap(({ variable }) => variable ?? [])]);

type Tree = Readonly<Record<string, unknown>>;

/** What one source says, and what is wrong with its form; `key` is what it has to do with, at the top. */
interface Source {
  readonly tree: Tree;
  readonly faults: readonly FormFault[];
}

type FormFault = readonly [...fault: SettingFault, key: string];

/**
 * Reads the environment, and the file that `COUNTERSIGN_CONFIG` names; what both say is taken from the environment.
 *
 * @throws {CountersignError} `configuration_invalid`, with one message that names each setting that is unknown or malformed, and no value.
 */
export function readSettings(environment: Environment = readEnvironment()): Settings {
  const file = environment[FILE_VARIABLE];
  const sources = [...(file === undefined ? [] : [readSettingsFile(file)]), readVariables(environment)];
  const faults = sources.flatMap((source) => source.faults);
  const tree = sources.reduce<Tree>((below, source) => merge(below, source.tree), {});
  // One that is in neither is named by its variable: the shorter way to put it right.
  const isOfFile = (path: readonly string[]) => at(sources.at(-1)?.tree, path) === undefined && at(tree, path) !== undefined;
  return settle(tree, faults, (path) => (isOfFile(path) ? `${file}: ${path.join('.')}` : toGivenName(path, true)));
}

/**
 * Settings that a program gives.
 *
 * @throws {CountersignError} as {@link readSettings}.
 */
export function resolveSettings(input: SettingsInput): Settings {
  const tree = structuredClone(input) as Tree;
  const toName = (path: readonly string[]) => path.join('.');
  return settle(tree, findFormFaults('settings', structuredClone(tree), toName), toName);
}

function settle(tree: Tree, formFaults: readonly FormFault[], toName: (path: readonly string[]) => string): Settings {
  // What has the wrong form is not looked at further.
  const faulty = new Set(formFaults.map(([, , key]) => key));
  const formed = Object.fromEntries(Object.entries(tree).filter(([key]) => !faulty.has(key)));
  const faults = [...formFaults.map(([name, problem]) => [name, problem] as const), ...findSettingFaults(formed, toName)];
  if (faults.length > 0) throw toError(faults);
  const settings = structuredClone(tree);
  validatorOf('settings')(settings);
  return settings as unknown as Settings;
}

function readVariables(environment: Environment): Source {
  const faults: FormFault[] = Object.keys(environment)
    .filter((name) => name.startsWith('COUNTERSIGN_') && !KNOWN_VARIABLES.has(name))
    .map((name) => [name, 'is not a setting', '']);
  let tree: Tree = {};
  for (const { path, variable, schema } of SETTINGS) {
    const value = variable === undefined ? undefined : environment[variable];
    if (variable === undefined || value === undefined) continue;
    if (value === '') faults.push([variable, 'is empty: unset it, or give it a value', path[0] ?? '']);
    else if (!isWrittenPlainly(value, schema)) faults.push([variable, 'must be a whole number', path[0] ?? '']);
    else tree = merge(tree, nest(path, toListed(value, schema)));
  }
  return { tree, faults: [...faults, ...findFormFaults('variables', tree, (path) => toGivenName(path, true))] };
}

/** Ensure that a number is one to every reader: `0x50`, `1e3` and ` 80` are numbers to some. */
function isWrittenPlainly(value: string, schema: TSchema): boolean {
  const { type, items } = schema as { readonly type?: string; readonly items?: { readonly type?: string } };
  if (type === 'integer') return WHOLE_NUMBER.test(value);
  return items?.type !== 'integer' || value.split(',').every((entry) => WHOLE_NUMBER.test(entry.trim()));
}

const WHOLE_NUMBER = /^-?\d{1,15}$/;

function toListed(value: string, { list }: SettingNotes): unknown {
  if (list === undefined) return value;
  const entries = value.split(',').map((entry) => entry.trim());
  return list === 'secrets' ? entries.map((secret) => ({ secret })) : entries;
}

function readSettingsFile(path: string): Source {
  const tree = parseFile(path);
  return { tree, faults: findFormFaults('settings', structuredClone(tree), (inner) => `${path}: ${inner.join('.')}`) };
}

function parseFile(path: string): Tree {
  try {
    const tree = parseJson(readFileSync(path)).value;
    if (typeof tree === 'object' && tree !== null && !Array.isArray(tree)) return tree as Tree;
  } catch (error) {
    // Not the parser's own words: they repeat what stands in the file, which may be a password.
    const isForm = error instanceof CountersignError;
    const problem = isForm ? error.message.replace(/^the body /, '') : 'cannot be read: give this user read permission on it, or unset it';
    throw toError([[FILE_VARIABLE, `names ${path}, which ${problem}`]], error);
  }
  throw toError([[FILE_VARIABLE, `names ${path}, which must hold one JSON object`]]);
}

/** Of one kind of source. Each is compiled on first use: it takes longer than all the rest. */
const compiled = new Map<'variables' | 'settings', ValidateFunction>();

/** What a variable says is a text, and what is meant by it follows from the schema; settings get their defaults. */
function validatorOf(kind: 'variables' | 'settings'): ValidateFunction {
  const options = kind === 'variables' ? { coerceTypes: true } : { useDefaults: true };
  // Code that runs once is not worth improving.
  const validate = compiled.get(kind) ?? new Ajv({ allErrors: true, strict: false, code: { optimize: false }, ...options }).compile(SETTINGS_SCHEMA);
  compiled.set(kind, validate);
  return validate;
}

function findFormFaults(kind: 'variables' | 'settings', tree: Tree, toName: (path: readonly string[]) => string): readonly FormFault[] {
  const validate = validatorOf(kind);
  if (validate(tree)) return [];
  return (validate.errors ?? []).map((error) => {
    const path = error.instancePath.split('/').slice(1);
    const { additionalProperty } = error.params as { additionalProperty?: string };
    return [toName(additionalProperty === undefined ? path : [...path, additionalProperty]), describe(error, path), path[0] ?? ''];
  });
}

function describe({ keyword, message = 'is malformed', params }: ErrorObject, path: readonly string[]): string {
  const { allowedValues, type, missingProperty } = params as { allowedValues?: readonly unknown[]; type?: string; missingProperty?: string };
  if (keyword === 'additionalProperties') return 'is not a setting';
  if (keyword === 'required') return `must have \`${missingProperty}\``;
  if (allowedValues !== undefined) return `must be one of ${allowedValues.join(', ')}`;
  if (type !== undefined) return `must be ${TYPES[type] ?? type}`;
  const { problem } = SETTINGS.find((setting) => setting.path.every((name, depth) => path[depth] === name))?.schema ?? {};
  return keyword === 'pattern' && problem !== undefined ? problem : message;
}

const TYPES: Readonly<Record<string, string>> = {
  integer: 'a whole number',
  string: 'a text',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
};

function toError(faults: readonly SettingFault[], cause?: unknown): CountersignError {
  const unique = [...new Set(faults.map(([name, problem]) => `${name} ${problem}`))];
  return new CountersignError('configuration_invalid', unique.join('; '), { field: faults[0]?.[0] ?? 'settings', cause });
}

function nest(path: readonly string[], value: unknown): Tree {
  return path.reduceRight<unknown>((inner, name) => ({ [name]: inner }), value) as Tree;
}

/** Sections are merged, and everything else is replaced. */
function merge(below: Tree, above: Tree): Tree {
  const merged = { ...below };
  for (const [name, value] of Object.entries(above)) merged[name] = isTree(merged[name]) && isTree(value) ? merge(merged[name], value) : value;
  return merged;
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function at(tree: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, name) => (isTree(inner) ? inner[name] : undefined), tree);
}

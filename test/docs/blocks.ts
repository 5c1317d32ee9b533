import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository, with a slash at its end. */
export const ROOT: string = fileURLToPath(new URL('../..', import.meta.url));

/** A piece of code on a page. */
export interface Block {
  /** Path of the page in the repository. */
  readonly page: string;
  /** Where its first line of code stands. */
  readonly line: number;
  /** What stands behind the three backticks: `ts`, `ts run`, `sh`, … */
  readonly info: string;
  readonly code: string;
}

/** A block as a module of its own. */
export interface Example extends Block {
  /** Without folder. */
  readonly file: string;
  readonly source: string;
}

export function readPage(page: string): string {
  return readFileSync(`${ROOT}${page}`, 'utf8');
}

/** The statuses that the page of an error's code names for REST. */
export function readRestStatuses(code: string): readonly number[] {
  const [, said = ''] = /\*\*Over REST\.\*\*(.*?)\n\n\*\*/s.exec(readPage(`docs/errors/${code}.md`)) ?? [];
  return [...said.matchAll(/\b[45]\d\d\b/g)].map(Number);
}

/** The blocks of a page, in order. */
export function readBlocks(page: string): Block[] {
  const blocks: Block[] = [];
  let open: { readonly info: string; readonly line: number; readonly code: string[] } | undefined;
  for (const [index, line] of readPage(page).split('\n').entries()) {
    const [, info] = /^```(.*)$/.exec(line) ?? [];
    if (info === undefined) open?.code.push(line);
    else if (open === undefined) open = { info: info.trim(), line: index + 2, code: [] };
    else {
      blocks.push({ page, line: open.line, info: open.info, code: open.code.join('\n') });
      open = undefined;
    }
  }
  if (open !== undefined) throw new Error(`${page}:${open.line} begins a block that does not end`);
  return blocks;
}

/**
 * Makes a module of a block. Our own name is replaced by our sources, through the subpaths that package.json lists; what the block uses of the world
 * without declaring it is imported; and what it declares is exported, so that a test can look at it. Nothing is left for the compiler to call unused.
 *
 * @param folder where the module will lie, seen from the repository.
 * @param world the names of the world.
 */
export function toExample(block: Block, folder: string, world: readonly string[]): Example {
  const up = '../'.repeat(folder.split('/').length);
  const code = block.code.replace(/(from\s+)'(countersign[^']*)'/g, (_, from: string, name: string) => `${from}'${up}${toSourcePath(name, block)}'`);
  const declared = [...code.matchAll(/^(?:const|let|class|(?:async )?function) (\w+)/gm)].map(([, name]) => name);
  const byDefault = [...code.matchAll(/^import\s+(\w+)\s+from/gm)].map(([, name]) => name);
  const imported = [...code.matchAll(/^import\s+(?:type\s+)?\{([^}]*)\}/gm)].flatMap(([, names = '']) => names.split(',').map((name) => name.trim()));
  const words = code.replace(/'[^'\n]*'|\/\/.*$/gm, '');
  const isUsed = (name: string) => new RegExp(`(?<![\\w.])${name}(?![\\w:])`).test(words);
  const used = world.filter((name) => isUsed(name) && ![...declared, ...imported, ...byDefault].includes(name));
  const lines = [
    ...(used.length > 0 ? [`import { ${used.join(', ')} } from '${up}test/docs/world.ts';`] : []),
    code,
    `export { ${declared.join(', ')} };`,
    `void [${used.join(', ')}];`,
    '',
  ];
  const file = `${block.page.replaceAll('/', '-').replace(/\.md$/, '')}-${block.line}.ts`.toLowerCase();
  return { ...block, file, source: lines.join('\n') };
}

/** `countersign/stores/sqlite` → `src/stores/sqlite.ts`, as package.json lists it. */
function toSourcePath(name: string, { page, line }: Block): string {
  const { exports } = JSON.parse(readPage('package.json')) as { exports: Readonly<Record<string, string>> };
  const built = exports[name.replace('countersign', '.')];
  if (built === undefined) throw new Error(`${page}:${line} imports ${name}, which package.json does not list`);
  return posix
    .normalize(built)
    .replace(/^dist\//, 'src/')
    .replace(/\.js$/, '.ts');
}

/** What a block says that it prints: the comment behind each `console.log(…);`. */
export function expectedOutput({ code }: Block): string[] {
  return [...code.matchAll(/console\.log\(.*\);\s*\/\/ (.*)$/gm)].map(([, text = '']) => text.trim());
}

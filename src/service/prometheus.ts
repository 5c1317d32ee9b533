/** Families of samples, and their text as Prometheus reads it (exposition format 0.0.4). A cell is found by its labels' values alone: each request counts six times. */

/** What a family is called and what it says of itself. */
export interface FamilyOptions {
  readonly name: string;
  readonly help: string;
  /** Names of its labels; values are given in this order. */
  readonly labels: readonly string[];
}

/** Something that only rises. */
export interface Counter {
  add(count: number, ...values: readonly string[]): void;
  render(): string;
}

/** How often something was how large. */
export interface Histogram {
  record(value: number, ...values: readonly string[]): void;
  render(): string;
}

/** One value, with those of its labels. */
export type Sample = readonly [value: number, ...labels: readonly string[]];

interface Cell {
  readonly values: readonly string[];
  count: number;
}

/** Makes a counter; its name gets `_total`. */
export function createCounter({ name, help, labels }: FamilyOptions): Counter {
  const cells = new Map<string, Cell>();
  return {
    add(count, ...values) {
      findCell(cells, values, () => ({ values, count: 0 })).count += count;
    },
    render: () => toFamily({ name: `${name}_total`, help, type: 'counter' }, toLines(cells, `${name}_total`, labels)),
  };
}

/** Makes a gauge that is asked when it is read. */
export function createGauge({ name, help, labels }: FamilyOptions, read: () => readonly Sample[]): { render(): string } {
  return {
    render() {
      const lines = read().map(([value, ...values]) => toLine(name, toLabels(labels, values), value));
      return toFamily({ name, help, type: 'gauge' }, lines);
    },
  };
}

interface HistogramCell extends Cell {
  sum: number;
  /** Values in each bucket and in none before it. */
  readonly buckets: number[];
}

/** Makes a histogram. @param bounds of its buckets, each of which takes what is at most as large, in rising order. */
export function createHistogram({ name, help, labels }: FamilyOptions, bounds: readonly number[]): Histogram {
  const cells = new Map<string, HistogramCell>();
  return {
    record(value, ...values) {
      const cell = findCell(cells, values, () => ({ values, count: 0, sum: 0, buckets: bounds.map(() => 0) }));
      cell.count += 1;
      cell.sum += value;
      for (let at = 0; at < bounds.length; at += 1) {
        if (value > (bounds[at] as number)) continue;
        cell.buckets[at] = (cell.buckets[at] as number) + 1;
        break;
      }
    },
    render: () =>
      toFamily(
        { name, help, type: 'histogram' },
        [...cells.values()].flatMap((cell) => renderHistogram(name, toLabels(labels, cell.values), bounds, cell)),
      ),
  };
}

function renderHistogram(name: string, labels: string, bounds: readonly number[], { count, sum, buckets }: HistogramCell): readonly string[] {
  let below = 0;
  const bucket = (bound: number | string, value: number) => toLine(`${name}_bucket`, [labels, `le="${bound}"`].filter(Boolean).join(','), value);
  return [
    toLine(`${name}_count`, labels, count),
    toLine(`${name}_sum`, labels, sum),
    ...bounds.map((bound, at) => {
      below += buckets[at] as number;
      return bucket(bound, below);
    }),
    bucket('+Inf', count),
  ];
}

/** No label holds a NUL: all are names of ours. */
function findCell<C extends Cell>(cells: Map<string, C>, values: readonly string[], make: () => C): C {
  const key = values.length === 1 ? (values[0] as string) : values.join('\0');
  const known = cells.get(key);
  if (known !== undefined) return known;
  const cell = make();
  cells.set(key, cell);
  return cell;
}

function toLines(cells: ReadonlyMap<string, Cell>, name: string, labels: readonly string[]): readonly string[] {
  return [...cells.values()].map(({ values, count }) => toLine(name, toLabels(labels, values), count));
}

/** A family in which nothing was seen is left out. */
function toFamily({ name, help, type }: { readonly name: string; readonly help: string; readonly type: string }, lines: readonly string[]): string {
  if (lines.length === 0) return '';
  const unit = name.endsWith('_seconds') ? `# UNIT ${name} s\n` : '';
  return `# HELP ${name} ${help}\n${unit}# TYPE ${name} ${type}\n${lines.join('\n')}\n`;
}

/** A label whose value is empty, or was not given, is as good as none. */
function toLabels(names: readonly string[], values: readonly string[]): string {
  return names.flatMap((name, at) => (values[at] ? [`${name}="${escapeValue(values[at])}"`] : [])).join(',');
}

function escapeValue(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function toLine(name: string, labels: string, value: number): string {
  return `${name}${labels === '' ? '' : `{${labels}}`} ${value}`;
}

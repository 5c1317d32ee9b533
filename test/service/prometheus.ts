/** What Prometheus would read: samples by name and labels, and the type of each family. Throws for a line that it could not read. */
export function parsePrometheus(text: string): {
  readonly samples: Readonly<Record<string, number>>;
  readonly types: Readonly<Record<string, string>>;
} {
  const samples: Record<string, number> = {};
  const types: Record<string, string> = {};
  for (const line of text.split('\n')) {
    const type = /^# TYPE ([a-z_:][\w:]*) (counter|gauge|histogram|summary|untyped)$/.exec(line);
    const sample = /^([a-z_:][\w:]*(?:\{(?:[a-z_]\w*="(?:[^"\\]|\\.)*",?)*\})?) (\S+)$/i.exec(line);
    if (type) types[type[1] ?? ''] = type[2] ?? '';
    else if (sample) samples[sample[1] ?? ''] = Number(sample[2]?.replace('+Inf', 'Infinity'));
    else if (line !== '' && !/^# (HELP|UNIT) /.test(line)) throw new Error(`no line of the text format: ${line}`);
  }
  return { samples, types };
}

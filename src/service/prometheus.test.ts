import { describe, expect, it } from 'vitest';
import { parsePrometheus } from '../../test/service/prometheus.ts';
import { createCounter, createGauge, createHistogram } from './prometheus.ts';

describe('families of samples', () => {
  it('are left out while nothing was seen', () => {
    const counter = createCounter({ name: 'a', help: 'A', labels: ['x'] });
    expect(counter.render()).toBe('');
    expect(createGauge({ name: 'b', help: 'B', labels: [] }, () => []).render()).toBe('');
  });

  it('write values of labels so that they are read as they were, and leave out those that are none', () => {
    const counter = createCounter({ name: 'a', help: 'A', labels: ['x', 'y'] });
    counter.add(1, 'a "b" \\n\n', 'y');
    counter.add(2);
    counter.add(0.5);
    expect(counter.render()).toBe('# HELP a_total A\n# TYPE a_total counter\na_total{x="a \\"b\\" \\\\n\\n",y="y"} 1\na_total 2.5\n');
  });

  it('count a value in the first bucket that it is not larger than, and in all behind that', () => {
    const histogram = createHistogram({ name: 'h_seconds', help: 'H', labels: ['x'] }, [1, 2, 5]);
    for (const value of [1, 1.5, 2, 9]) histogram.record(value, 'a');
    histogram.record(5, 'b');
    const { samples, types } = parsePrometheus(histogram.render());
    expect(types).toEqual({ h_seconds: 'histogram' });
    expect(samples).toEqual({
      'h_seconds_count{x="a"}': 4,
      'h_seconds_sum{x="a"}': 13.5,
      'h_seconds_bucket{x="a",le="1"}': 1,
      'h_seconds_bucket{x="a",le="2"}': 3,
      'h_seconds_bucket{x="a",le="5"}': 3,
      'h_seconds_bucket{x="a",le="+Inf"}': 4,
      'h_seconds_count{x="b"}': 1,
      'h_seconds_sum{x="b"}': 5,
      'h_seconds_bucket{x="b",le="1"}': 0,
      'h_seconds_bucket{x="b",le="2"}': 0,
      'h_seconds_bucket{x="b",le="5"}': 1,
      'h_seconds_bucket{x="b",le="+Inf"}': 1,
    });
  });
});

// GET /metrics, read as Prometheus reads it.

/** The samples of one scrape: `value(name, labels)` is the sum of those of that name that have these labels. */
export async function scrape(ponted, options) {
  const answer = await ponted.request('GET', '/metrics', options);
  if (answer.status !== 200) throw new Error(`/metrics: ${answer.status} ${JSON.stringify(answer.body)}`);
  const samples = [];
  const types = {};
  for (const line of answer.body.split('\n').filter((each) => each !== '')) {
    const type = line.match(/^# TYPE (\S+) (\S+)$/);
    if (type) types[type[1]] = type[2];
    if (line.startsWith('#')) continue;
    const sample = line.match(/^([a-z_]+)(?:\{(.*)\})? (\S+)$/);
    if (!sample) throw new Error(`not a sample: ${line}`);
    const labels = {};
    for (const [, name, value] of (sample[2] ?? '').matchAll(/([a-z_]+)="((?:[^"\\]|\\.)*)",?/g)) labels[name] = value;
    samples.push({ name: sample[1], labels, value: Number(sample[3]) });
  }
  const find = (name, labels = {}) =>
    samples.filter((one) => one.name === name && Object.entries(labels).every(([key, value]) => one.labels[key] === value));
  return { samples, types, find, value: (name, labels) => find(name, labels).reduce((sum, one) => sum + one.value, 0) };
}

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { createMetrics } from '@runfleet/service';
import { expect, test } from 'vitest';
import { parse } from 'yaml';

const ROOT = new URL('../../', import.meta.url).pathname;
const MEASUREMENT = /\b(?:runfleet|nodejs|process|vllm)[a-z0-9_:]+/g;

type Rule = { alert: string; expr: string; annotations: { summary: string } };

const file = parse(await readFile(join(ROOT, 'infra/alerts.yaml'), 'utf8')) as {
  groups: { rules: Rule[] }[];
};
const rules = file.groups.flatMap((group) => group.rules);

test('every alert has a name of its own, a summary and a measurement that a role exports', async () => {
  const exported = `${await readSources()} ${await createMetrics({ role: 'api' }).text()}`;
  expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
  for (const { alert, expr, annotations } of rules) {
    expect(annotations.summary).toMatch(/.{10}\.$/);
    const measurements = expr.match(MEASUREMENT) ?? [];
    expect({ alert, count: measurements.length }).not.toEqual({ alert, count: 0 });
    for (const name of measurements)
      expect({ alert, name, isKnown: isIn(name) }).toMatchObject({ isKnown: true });
  }
  function isIn(name: string): boolean {
    return exported.includes(`'${name}'`) || exported.includes(`# TYPE ${name} `);
  }
});

/** The text of every file in which a role or a package may register a measurement. */
async function readSources(): Promise<string> {
  const texts = ['apps', 'packages'].map(async (folder) => {
    const paths = await readdir(join(ROOT, folder), { recursive: true });
    const sources = paths.filter(
      (path) => /^[^/]+\/src\/.*\.ts$/.test(path) && !path.endsWith('.test.ts'),
    );
    return Promise.all(sources.map((path) => readFile(join(ROOT, folder, path), 'utf8')));
  });
  return (await Promise.all(texts)).flat().join('\n');
}

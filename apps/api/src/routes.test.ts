import { readdir } from 'node:fs/promises';
import { join, sep } from 'node:path';

import { expect, test } from 'vitest';

import type { Route } from './route.ts';
import { ROUTES } from './routes.ts';

test('a route is listed, and its file is named after its path', async () => {
  const found: Route[] = [];
  const files = await readdir(join(import.meta.dirname, 'routes'), { recursive: true });
  for (const file of files.map((path) => path.replaceAll(sep, '/'))) {
    if (!file.endsWith('.ts') || /(?:\.test|\/testing)\.ts$/.test(file)) continue;
    const module = (await import(`./routes/${file}`)) as Record<string, Route>;
    const routes = Object.values(module);
    for (const route of routes) expect({ file: fileOf(route) }).toEqual({ file });
    expect(routes).not.toEqual([]);
    found.push(...routes);
  }
  expect(new Set(ROUTES)).toEqual(new Set(found));
});

/** The path without its parameters. */
function fileOf({ call }: Route): string {
  const path = call.replace(/^\w+ \//, '').replaceAll(/\/(?::\w+|\*)/g, '');
  return `${path}.ts`;
}

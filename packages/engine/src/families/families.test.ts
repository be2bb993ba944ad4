import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { expect, test } from 'vitest';

import { FAMILIES } from './index.ts';

const SRC = fileURLToPath(new URL('../', import.meta.url));
/** Their folders name the family, they write its graph, or they are for tests. */
const MAY_NAME_A_FAMILY = /^(?:families|builder|testing)\/|\.test\.ts$/u;
const COMMENTS = /\/\*[^]*?\*\/|\/\/.*/gu;

const families = FAMILIES.map(({ name }) => name.replace(/\d+$/u, ''));

test.each(families)(
  'only the row or folder of %s and the graphs of the builder name it',
  (family) => {
    const name = new RegExp(
      `\\b${family}|${family[0]?.toUpperCase()}${family.slice(1)}[A-Z0-9]`,
      'u',
    );
    const naming = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts') && !MAY_NAME_A_FAMILY.test(path))
      .filter((path) => name.test(readFileSync(join(SRC, path), 'utf8').replaceAll(COMMENTS, '')));
    expect(naming).toEqual([]);
  },
);

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { expect, test } from 'vitest';

const SRC = fileURLToPath(new URL('../', import.meta.url));
/** Their folders name the family, or they are for tests. */
const MAY_NAME_A_FAMILY = /^(?:families|builder|testing)\/|\.test\.ts$/u;
const COMMENTS = /\/\*[^]*?\*\/|\/\/.*/gu;

test('no code outside a family’s folder and the test models names a family', () => {
  const naming = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !MAY_NAME_A_FAMILY.test(path))
    .filter((path) => {
      const code = readFileSync(join(SRC, path), 'utf8').replaceAll(COMMENTS, '');
      return /\bphi|Phi[A-Z0-9]/u.test(code);
    });
  expect(naming).toEqual([]);
});

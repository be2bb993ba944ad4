import { fileURLToPath } from 'node:url';

import { expect, test } from 'vitest';

import { renderKeywordsPage } from '../testing/render-keywords-page.ts';

const PAGE = fileURLToPath(new URL('../../../../docs/json-schema.md', import.meta.url));

test('docs/json-schema.md lists exactly the supported keywords', async () => {
  await expect(renderKeywordsPage()).toMatchFileSnapshot(PAGE);
});

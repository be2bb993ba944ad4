import { fileURLToPath } from 'node:url';

import { expect, test } from 'vitest';

import { readCompose } from './read-compose.ts';
import {
  listSharedSettings,
  renderComposeExample,
  renderEnvExample,
  renderSettingsPage,
} from './settings.ts';

const COMPOSE = readCompose(new URL('../../infra/compose.yaml', import.meta.url));
const ROOT = new URL('../../', import.meta.url);

test('every setting has a description', () => {
  const silent = listSharedSettings().flatMap(({ name, byRole }) =>
    [...byRole].filter(([, { description }]) => description === '').map(([role]) => [role, name]),
  );

  expect(silent).toEqual([]);
});

test.each([
  ['.env.example', renderEnvExample()],
  ['docs/settings.md', renderSettingsPage()],
  [
    'infra/compose.env.example',
    renderComposeExample(new Set(COMPOSE.interpolations.map(({ name }) => name))),
  ],
])('%s lists exactly the settings of the roles', async (path, expected) => {
  await expect(expected).toMatchFileSnapshot(fileURLToPath(new URL(path, ROOT)));
});

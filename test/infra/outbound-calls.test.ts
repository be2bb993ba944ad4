import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from 'vitest';

const ROOT = new URL('../../', import.meta.url).pathname;

/** What may call other servers without the guard, and why. */
const EXEMPT: Readonly<Record<string, string>> = {
  'packages/outbound': 'it is the guard',
  'packages/client': 'it runs at the caller, who names the server',
  'packages/samples': 'it writes programs for callers',
  'packages/downloads': 'an operator names the address at a shell',
  'packages/local-servers': 'it connects to loopback',
  'packages/testing': 'fixtures',
  'apps/runfleet': 'an operator names the address at a shell',
  'apps/dashboard': 'it runs in the browser',
};

/** `api.fetch` of Hono and options named `fetch` are no calls of another server. */
const CALL =
  /(?<![.\w])fetch\(|\brequest as requestHttps?\b|\b(?:request|get)\b[^;]*\} from 'node:https?'|from 'undici'|\b(?:connect|createConnection)\b[^;]*\} from 'node:(?:net|tls)'/;

test('no role calls another server except through the guard, its database and its Redis', async () => {
  const found: string[] = [];
  for (const folder of ['apps', 'packages']) {
    const paths = await readdir(join(ROOT, folder), { recursive: true });
    for (const path of paths.filter((each) => /^[^/]+\/src\/.*\.ts$/.test(each))) {
      const file = `${folder}/${path}`;
      const isExempt = Object.keys(EXEMPT).some((part) => file.startsWith(`${part}/`));
      if (isExempt || /(?:\.test|\/testing[^/]*)\.ts$/.test(file)) continue;
      if (CALL.test(await readFile(join(ROOT, file), 'utf8'))) found.push(file);
    }
  }
  expect(found).toEqual([]);
});

test.for([
  "const answer = await fetch('http://169.254.169.254/');",
  "import { request } from 'node:http';",
  "import { type Agent, request as requestHttps } from 'node:https';",
  "import { connect } from 'node:net';",
  "import { Pool } from 'undici';",
])('%s would be found', (line) => {
  expect(line).toMatch(CALL);
});

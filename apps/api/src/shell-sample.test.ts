import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { createLogger } from '@runfleet/service';
import { expect } from 'vitest';

import { apiConfig } from './api-config.ts';
import { startApi } from './start-api.ts';
import { testWithApi } from './testing.ts';

const run = promisify(execFile);
const isShellReady = await run('bash', ['-c', 'command -v openssl && command -v curl']).then(
  () => true,
  () => false,
);

/** The published sample: one nonce and one signature for two calls, the whole output of `openssl` as the signature. */
const SAMPLE = `
set -eu
API_URL=$1 YOUR_API_KEY=$2 YOUR_API_SECRET=$3
export NONCE=$(date +%s);
export SIGNATURE="$(echo -n "\${YOUR_API_SECRET}\${NONCE}" | openssl dgst -sha256 -hmac "\${YOUR_API_KEY}")";

curl -sS -X POST "$API_URL/Run/microsoft/Phi-3.5-mini-instruct"  \\
  -H "Content-Type: application/json" \\
  -H "x-api-key: \${YOUR_API_KEY}" \\
  -H "x-nonce: \${NONCE}" \\
  -H "x-signature: \${SIGNATURE}" \\
  -d '{"prompt":"Hello"}' > run.json;

TOKEN=$(grep -o '"socketaccesstoken":"[A-Za-z0-9]*"' run.json | cut -d'"' -f4)
curl -sS -X POST "$API_URL/Task/Detail"  \\
  -H "Content-Type: application/json" \\
  -H "x-api-key: \${YOUR_API_KEY}" \\
  -H "x-nonce: \${NONCE}" \\
  -H "x-signature: \${SIGNATURE}" \\
  -d '{
    "tasktoken": "'$TOKEN'"
  }';
`;

testWithApi.skipIf(!isShellReady)(
  'the published shell sample works as it is printed',
  async ({ tenant, databaseUrl, redisUrl, folder }) => {
    const config = apiConfig.parse({
      STOP_NOTICE_SECONDS: '0',
      DATABASE_URL: databaseUrl,
      REDIS_URL: redisUrl,
      API_PORT: '0',
      MASTER_KEY: 'ab'.repeat(32),
      STORAGE_DIR: join(folder, 'storage'),
    });
    await using api = await startApi(config, {
      logger: createLogger({ role: 'api', level: 'silent' }),
    });
    const { apiKey, apiSecret } = tenant;
    const settings = [`${api.url}/v1`, apiKey, apiSecret ?? ''];
    const { stdout } = await run('bash', ['-c', SAMPLE, 'sample', ...settings], { cwd: folder });
    expect(JSON.parse(stdout)).toMatchObject({
      total: '1',
      errors: [],
      tasklist: [{ parameters: { prompt: 'Hello' }, projectid: tenant.projectId }],
      result: true,
    });
  },
);

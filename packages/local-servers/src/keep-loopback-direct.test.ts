import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';

import { expect, test } from 'vitest';

import { keepLoopbackDirect } from './keep-loopback-direct.ts';
import { machineEnvironment } from './machine-environment.ts';

const MODULE = JSON.stringify(new URL('./keep-loopback-direct.ts', import.meta.url).href);
const hasEnvProxy = process.allowedNodeEnvironmentFlags.has('--use-env-proxy');

test('hosts that were exempt from the proxy stay exempt, in the spelling that takes precedence', () => {
  const env: Record<string, string | undefined> = {
    no_proxy: 'a.example, b.example',
    NO_PROXY: 'c',
  };
  keepLoopbackDirect(env);
  const all = 'a.example,b.example,localhost,127.0.0.1,::1,[::1]';
  expect(env).toEqual({ no_proxy: all, NO_PROXY: all });
});

test.runIf(hasEnvProxy).each(['HTTP_PROXY', 'http_proxy'])(
  'a call to the loopback does not use the proxy of %s (on a Node that supports proxies)',
  async (name) => {
    let asked = 0;
    await using proxy = await listening((_, response) => {
      asked += 1;
      response.writeHead(502).end();
    });
    await using target = await listening((_, response) => response.end('direct'));
    const source = `
      import { keepLoopbackDirect } from ${MODULE};
      keepLoopbackDirect(process.env);
      process.stdout.write(await (await fetch(${JSON.stringify(target.url)})).text());`;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--import', import.meta.resolve('tsx'), '--input-type=module', '--eval', source],
      { env: { PATH: machineEnvironment['PATH'], NODE_USE_ENV_PROXY: '1', [name]: proxy.url } },
    );
    expect([stdout, asked]).toEqual(['direct', 0]);
  },
);

async function listening(
  answer: Parameters<typeof createServer>[1] & {},
): Promise<AsyncDisposable & { url: string }> {
  const server: Server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { TASK_LIFE, type TaskFrame } from '@runfleet/protocol';
import { describe, expect, onTestFinished } from 'vitest';

import { hasBrowser, test, wordsOf } from './browser-test.ts';

// Byte for byte as in the API sample of the model page.
const SCRIPT = readFileSync(new URL('model-page-script.txt', import.meta.url), 'utf8');
const LIFE = Object.keys(TASK_LIFE).filter((status) => status !== 'task_cancel');

describe.skipIf(!hasBrowser)("the model page's own browser script", () => {
  test('receives every event of a task in order, with only address and token replaced', async ({
    visitor,
    startTask,
    stage,
  }) => {
    const logged: string[] = [];
    visitor.on('console', (message) => logged.push(message.text()));
    visitor.on('dialog', (dialog) => void dialog.dismiss());

    const prompt = wordsOf(60);
    const { client, token } = await startTask(prompt);
    const script = SCRIPT.replace('wss://socket.wiro.ai/v1', stage.dev.socketUrl).replace(
      'eDcCm5yyUfIvMFspTwww49OUfgXkQt',
      token,
    );
    await visitor.goto(
      await serve(`<!doctype html>${script}<div id="files"></div><pre id="debug"></pre>`),
    );
    await visitor.getByText('"type":"task_postprocess_end"').waitFor();

    const lines = (await visitor.locator('#debug').innerText()).trim().split('\n');
    const frames = lines.map((line) => JSON.parse(line) as TaskFrame & { version?: string });
    expect(frames[0]).toEqual({ type: 'connected', version: '1.0' });

    const types = frames.slice(1).map((frame) => frame.type as string);
    expect(types.filter((type) => LIFE.includes(type))).toEqual(LIFE);
    expect(types.indexOf('task_output')).toBeGreaterThan(types.indexOf('task_start'));
    expect(types.lastIndexOf('task_output')).toBeLessThan(types.indexOf('task_output_full'));
    expect(types.indexOf('task_output_full')).toBeLessThan(types.indexOf('task_end'));
    expect(types.at(-1)).toBe('task_postprocess_end');
    expect(frames.find((frame) => frame.type === 'task_output_full')?.message).toMatchObject({
      raw: prompt,
    });

    // Every branch of its switch logged, and none threw.
    for (const sentence of [
      'Your task has been waiting in the queue.',
      'Your task has been assigned GPU and waiting in the queue.',
      'Your task has been accepted by the worker.',
      'Your task has been started and printing output log.',
      'Your task has been completed and printing full output log.',
      'Your task postprocess has been completed.',
    ]) {
      expect(logged).toContain(sentence);
    }
    expect(logged.filter((text) => text.startsWith('e:'))).toEqual([]);
    const { outputs } = await client.detail({ token });
    expect(await visitor.locator('#files img').count()).toBe(outputs.length);
  });
});

/** A page of another origin, like a customer's site. */
async function serve(html: string): Promise<string> {
  const server = createServer((request, response) => {
    const isPage = request.url === '/';
    response.writeHead(isPage ? 200 : 404, { 'content-type': 'text/html' });
    response.end(isPage ? html : '');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

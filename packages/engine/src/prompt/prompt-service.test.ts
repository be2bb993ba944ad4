import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, onTestFinished, test } from 'vitest';

import { readModelFolder } from '../folder/model-folder.ts';
import { preparePrompt } from '../onnx/prepare-prompt.ts';
import { aRequest } from '../testing/a-request.ts';
import { tinyFolder } from '../testing/tiny-folder.ts';
import { PromptService } from './prompt-service.ts';

const OPENED = { contextLength: 20_000, cacheBytesPerToken: 1 };
const CHATML =
  "{% for m in messages %}{{ '<|' + m.role + '|>' + m.content + '<|end|>' }}{% endfor %}<|assistant|>";
/** Takes milliseconds for one message, and hours for a hundred. */
const SLOW = '{% for m in messages %}'.repeat(6) + '{% endfor %}'.repeat(6);

async function open(template: string | null, entry?: URL) {
  const dir = await tinyFolder();
  if (template !== null) {
    const path = join(dir, 'tokenizer_config.json');
    const config: object = JSON.parse(await readFile(path, 'utf8').catch(() => '{}'));
    await writeFile(path, JSON.stringify({ ...config, chat_template: template }));
  }
  const folder = await readModelFolder(dir);
  const prompts = new PromptService(folder, OPENED, entry);
  onTestFinished(() => prompts[Symbol.asyncDispose]());
  return { prompts, local: { ...folder, ...OPENED } };
}

test.each([
  ['the published template', null],
  ['another template', CHATML],
])('in %s, a prompt is the same whether it is short or long', async (_, template) => {
  const { prompts, local } = await open(template);
  for (const text of ['Hello', `${'A task. '.repeat(2_100)}<|end|> ok`]) {
    const request = aRequest(text);
    expect(await prompts.prepare(request)).toEqual(await preparePrompt(request, local));
  }
});

test('a template that is slow for a conversation delays nothing else', async () => {
  const { prompts } = await open(SLOW + CHATML);
  const messages = Array.from({ length: 99 }, () => ({ role: 'user' as const, content: 'Hi' }));
  let turns = 0;
  const timer = setInterval(() => (turns += 1), 1);
  onTestFinished(() => clearInterval(timer));
  const slow = prompts.prepare({ ...aRequest('Hi'), messages });
  await expect(slow).rejects.toMatchObject({
    kind: 'input',
    message: expect.stringContaining('it takes longer than 500 ms'),
  });
  // This thread was free for most of the time.
  expect(turns).toBeGreaterThan(20);
  expect((await prompts.prepare(aRequest('Hi'))).promptIds.length).toBeGreaterThan(3);
});

test('a prompt that is too long is refused as such, from the thread too', async () => {
  const { prompts } = await open(null);
  await expect(prompts.prepare(aRequest('a '.repeat(60_000)))).rejects.toMatchObject({
    kind: 'input',
    isTooLong: true,
  });
});

test('a thread that ends fails its prompts, and the next one starts another', async () => {
  const script = `
    import { parentPort } from 'node:worker_threads';
    parentPort.on('message', ({ id, request }) => {
      if (request.seed === 13n) process.exit();
      parentPort.postMessage({ id, type: 'prepared', promptIds: [7], grammar: null, callFormat: null });
    });`;
  const { prompts } = await open(
    null,
    new URL(`data:text/javascript,${encodeURIComponent(script)}`),
  );
  const long = 'a'.repeat(20_000);
  await expect(prompts.prepare(aRequest(long, { seed: 13n }))).rejects.toMatchObject({
    kind: 'infra',
    message: 'The thread that writes prompts ended.',
  });
  expect((await prompts.prepare(aRequest(long))).promptIds).toEqual([7]);
  await prompts[Symbol.asyncDispose]();
  await expect(prompts.prepare(aRequest(long))).rejects.toMatchObject({ kind: 'infra' });
});

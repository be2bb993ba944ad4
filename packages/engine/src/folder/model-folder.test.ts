import { cp, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { openEngine } from '../open-engine.ts';
import { tinyFolder } from '../testing/tiny-folder.ts';
import { readModelFolder } from './model-folder.ts';

const whole = await tinyFolder();
const split = await tinyFolder({ inlineBytesMax: 0 });

async function copyOf(dir: string): Promise<string> {
  const copy = `${dir}-${Math.trunc(performance.now() * 1000)}`;
  await cp(dir, copy, { recursive: true });
  return copy;
}

async function edit(path: string, change: (json: Record<string, unknown>) => void): Promise<void> {
  const json: Record<string, unknown> = JSON.parse(await readFile(path, 'utf8'));
  change(json);
  await writeFile(path, JSON.stringify(json));
}

function open(modelDir: string) {
  return openEngine({ kind: 'onnx', modelDir, provider: 'cpu', slots: 1, threads: 1 });
}

test.each<[string, string, (dir: string) => Promise<void>, RegExp]>([
  [
    'no folder',
    whole,
    (dir) => rm(dir, { recursive: true }),
    /There is no model folder .*Set MODEL_DIR/u,
  ],
  [
    'no configuration',
    whole,
    async (dir) => {
      await rm(join(dir, 'genai_config.json'));
      await rm(join(dir, 'config.json'));
    },
    /has no genai_config.json or config.json/u,
  ],
  ['no tokenizer', whole, (dir) => rm(join(dir, 'tokenizer.json')), /has no tokenizer.json/u],
  [
    'a tokenizer cut short',
    whole,
    (dir) => truncate(join(dir, 'tokenizer.json'), 999),
    /is not JSON/u,
  ],
  ['no graph', whole, (dir) => rm(join(dir, 'model.onnx')), /has no model.onnx/u],
  [
    'a graph cut short',
    whole,
    (dir) => truncate(join(dir, 'model.onnx'), 99_999),
    /does not load/u,
  ],
  [
    'a graph that is not ONNX',
    whole,
    (dir) => writeFile(join(dir, 'model.onnx'), 'not a graph'),
    /does not load/u,
  ],
  ['no weights', split, (dir) => rm(join(dir, 'model.onnx.data')), /does not load/u],
  [
    'weights cut short',
    split,
    (dir) => truncate(join(dir, 'model.onnx.data'), 99_999),
    /does not load/u,
  ],
  [
    'a configuration of another model',
    whole,
    (dir) =>
      edit(join(dir, 'genai_config.json'), (json) => {
        Object.assign(Object(Object(json['model'])['decoder']), { num_hidden_layers: 3 });
      }),
    /has 2 layers but the configuration has 3/u,
  ],
  [
    'a tokenizer of another model',
    whole,
    (dir) =>
      edit(join(dir, 'tokenizer.json'), (json) => {
        Object.assign(Object(Object(json['added_tokens'])[0]), { id: 5000 });
      }),
    /has 1088 logits for the 5001 ids/u,
  ],
  [
    'a tokenizer without the tokens of the chat template',
    whole,
    (dir) =>
      edit(join(dir, 'tokenizer.json'), (json) => {
        const [token] = Object(json['added_tokens']).filter(
          ({ content }: { content: string }) => content === '<|user|>',
        );
        Object.assign(token, { content: '<|human|>' });
      }),
    /lacks the special tokens <\|user\|> of the chat template/u,
  ],
])('%s is an error that names the problem', async (_, source, damage, message) => {
  const dir = await copyOf(source);
  await damage(dir);
  await expect(open(dir)).rejects.toMatchObject({
    kind: 'model',
    message: expect.stringMatching(message),
  });
});

test('a provider that is missing is the machine’s failure, and the error names it', async () => {
  await expect(
    openEngine({ kind: 'onnx', modelDir: whole, provider: 'cuda', slots: 1, threads: 1 }),
  ).rejects.toMatchObject({ kind: 'infra', message: expect.stringContaining('cuda') });
});

test('auto uses the cpu if there is no cuda, and only its note gives the reason', async () => {
  await using engine = await openEngine({
    kind: 'onnx',
    modelDir: whole,
    provider: 'auto',
    slots: 3,
    threads: 1,
  });
  expect(engine.facts).toMatchObject({
    kind: 'onnx',
    model: 'model',
    slots: 3,
    contextLength: 4096,
  });
  const { provider, device, note } = engine.facts;
  expect(provider === 'cuda' || note.includes('no cuda: ')).toBe(true);
  expect(device).not.toContain('no cuda');
});

test('one configuration file is enough, and eos_token_id may be a number or a list', async () => {
  const both = await readModelFolder(whole);
  const genaiOnly = await copyOf(whole);
  await rm(join(genaiOnly, 'config.json'));
  const configOnly = await copyOf(whole);
  await rm(join(configOnly, 'genai_config.json'));
  await rm(join(configOnly, 'generation_config.json'));
  for (const dir of [genaiOnly, configOnly]) {
    const folder = await readModelFolder(dir);
    expect(folder.stopIds).toEqual(both.stopIds);
    expect(folder.shortContextLength).toBe(4096);
    expect(folder.layers).toBe(2);
  }
});

test('the graph states where it changes its rope table, and a configuration that disagrees is refused', async () => {
  const dir = await tinyFolder({ originalMaxPositions: 64, maxPositions: 128 });
  const lengths = { shortContextLength: 64, contextLength: 128 };
  expect(await readModelFolder(dir)).toMatchObject(lengths);
  const set = (value: number | undefined) =>
    edit(join(dir, 'config.json'), (json) =>
      Object.assign(json, { original_max_position_embeddings: value }),
    );
  await set(undefined);
  expect(await readModelFolder(dir)).toMatchObject(lengths);
  await set(4096);
  await expect(readModelFolder(dir)).rejects.toMatchObject({
    kind: 'model',
    message: expect.stringMatching(/after 64 tokens, but config.json states 4096/u),
  });
});

test('the graph has the name that the configuration gives it, or is the only one there', async () => {
  const dir = await tinyFolder();
  const name = 'phi-3.5-mini-instruct-cpu-int4.onnx';
  await rename(join(dir, 'model.onnx'), join(dir, name));
  await expect(readModelFolder(dir)).rejects.toThrow(/has no model.onnx/u);
  await edit(join(dir, 'genai_config.json'), (json) => {
    Object.assign(Object(Object(json['model'])['decoder']), { filename: name });
  });
  expect((await readModelFolder(dir)).graphPath).toBe(join(dir, name));
  await rm(join(dir, 'genai_config.json'));
  expect((await readModelFolder(dir)).graphPath).toBe(join(dir, name));
});

test('the graph states where its position ids change the table', async () => {
  const dir = await tinyFolder({ originalMaxPositions: 64, maxPositions: 128, variant: 'gpu' });
  await rm(join(dir, 'config.json'));
  expect(await readModelFolder(dir)).toMatchObject({ shortContextLength: 64 });
});

test.each([
  [
    'another family',
    'gemma3',
    /of the model family "gemma3", which is not supported. Supported: phi3/u,
  ],
  ['no family', undefined, /does not name its model family/u],
])('a folder of %s is refused', async (_, name, message) => {
  const dir = await tinyFolder();
  await edit(join(dir, 'config.json'), (json) => Object.assign(json, { model_type: name }));
  await edit(join(dir, 'genai_config.json'), (json) =>
    Object.assign(Object(json['model']), { type: name }),
  );
  await expect(readModelFolder(dir)).rejects.toMatchObject({
    kind: 'model',
    message: expect.stringMatching(message),
  });
});

const ASK = [{ role: 'user', content: 'Hi <|end|>' }] as const;

async function withTemplate(source: string | undefined): Promise<string> {
  const dir = await copyOf(whole);
  await edit(join(dir, 'tokenizer_config.json'), (json) => {
    json['chat_template'] = source;
  });
  return dir;
}

test('a folder with a template of its own is asked in that one, and its end token ends answers', async () => {
  const dir = await withTemplate(
    "{{ bos_token }}{% for m in messages %}{{ '<|' + m.role + '|>' + m.content | trim + '<|placeholder1|>' }}{% endfor %}<|assistant|>",
  );
  const { chat, stopIds, tokenizer } = await readModelFolder(dir);
  expect(chat.partsOf(ASK)).toEqual([
    { special: '<s>' },
    { special: '<|user|>' },
    { text: 'Hi <|end|>' },
    { special: '<|placeholder1|>' },
    { special: '<|assistant|>' },
  ]);
  expect(stopIds).toContain(tokenizer.findAdded('<|placeholder1|>')?.id);
});

test('a template in chat_template.jinja, or named default in a list, is used too', async () => {
  const expected = [{ text: 'A: Hi <|end|>' }];
  const source = 'A: {% for m in messages %}{{ m.content }}{% endfor %}';
  const file = await copyOf(whole);
  await writeFile(join(file, 'chat_template.jinja'), source);
  const list = await copyOf(whole);
  await edit(join(list, 'tokenizer_config.json'), (json) => {
    json['chat_template'] = [
      { name: 'tool_use', template: 'B' },
      { name: 'default', template: source },
    ];
  });
  for (const dir of [file, list]) {
    expect((await readModelFolder(dir)).chat.partsOf(ASK)).toEqual(expected);
  }
});

test('a folder without a template is asked in that of its family', async () => {
  const [own, none] = [await readModelFolder(whole), await withTemplate(undefined)];
  expect((await readModelFolder(none)).chat.partsOf(ASK)).toEqual(own.chat.partsOf(ASK));
});

test.each([
  [
    'of another model',
    "{% for m in messages %}{{ '<|im_start|>' + m.role + m.content }}{% endfor %}",
    /writes <\|im_start\|>.*which tokenizer.json lacks/u,
  ],
  [
    'of another model with wide bars',
    "{% for m in messages %}{{ '<｜User｜>' + m.content }}{% endfor %}",
    /writes <｜User｜>.*which tokenizer.json lacks/u,
  ],
  ['that is not valid', '{% for m in messages %}', /chat template is not valid/u],
  ['that fails', '{{ messages[0].content.none() }}', /refuses these messages/u],
  ['that leaves out messages', '{{ messages[0].content }}', /leaves out messages/u],
])('a folder with a template %s is refused', async (_, source, message) => {
  await expect(readModelFolder(await withTemplate(source))).rejects.toMatchObject({
    kind: 'model',
    message: expect.stringMatching(message),
  });
});

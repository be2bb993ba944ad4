import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { ToolDefinition } from '@runfleet/protocol';
import { afterAll, describe, expect, test } from 'vitest';

import { buildByteLevelTokenizer } from '../builder/byte-level-tokenizer.ts';
import { buildTokenizer } from '../builder/phi3/build-tokenizer.ts';
import { TRAINING_PARAGRAPHS } from '../builder/training-text.ts';
import type { ChatMessage } from '../engine.ts';
import { familyOf } from '../families/index.ts';
import type { ChatPart } from '../families/model-family.ts';
import { CHAT_TEMPLATES } from '../families/phi3/chat-parts.ts';
import { SeededRandom } from '../sampling/seeded-random.ts';
import { BYTE_LEVEL_FORMS } from '../testing/byte-level-forms.ts';
import { TEMPLATES, TOOL_TEMPLATES } from '../testing/chat-templates.ts';
import { tokenText } from '../testing/random-messages.ts';
import { randomToolConversation } from '../testing/random-tools.ts';
import { parseTokenizerFile } from '../text/tokenizer-file.ts';
import { Tokenizer } from '../text/tokenizer.ts';
import { openChat } from './open-chat.ts';

type Case = {
  name: string;
  messages: ChatMessage[];
  tools: ToolDefinition[];
  texts: Record<string, string>;
};
const { cases }: { cases: Case[] } = JSON.parse(
  await readFile(new URL('../../fixtures/tools/prompts.json', import.meta.url), 'utf8'),
);

const parent = await mkdtemp(join(tmpdir(), 'runfleet-tools-'));
afterAll(async () => await rm(parent, { recursive: true, force: true }));
let folders = 0;

async function open(template: unknown, family: string, tokenizer: Tokenizer) {
  const dir = await mkdtemp(join(parent, String((folders += 1))));
  const bos_token = tokenizer.addedTokens[0]?.content;
  const config = { chat_template: template, bos_token };
  await writeFile(join(dir, 'tokenizer_config.json'), JSON.stringify(config));
  return await openChat(dir, familyOf(dir, [family]), tokenizer);
}

function tokenizerOf(form: keyof typeof BYTE_LEVEL_FORMS): Tokenizer {
  const text = TRAINING_PARAGRAPHS.join('\n');
  return new Tokenizer(
    parseTokenizerFile(buildByteLevelTokenizer(BYTE_LEVEL_FORMS[form], text, 100)),
  );
}

const textOf = (parts: readonly ChatPart[]) =>
  parts.map((part) => ('special' in part ? part.special : part.text)).join('');
const specialsOf = (parts: readonly ChatPart[]) =>
  parts.flatMap((part) => ('special' in part ? part.special : []));

const phi = buildTokenizer(1088).tokenizer;
const [qwen2, llama3, phi4, smollm2] = (['qwen2', 'llama3', 'phi4', 'smollm2'] as const).map(
  tokenizerOf,
);
if (!qwen2 || !llama3 || !phi4 || !smollm2) throw new Error('A tokenizer is missing.');
const chats = [
  {
    name: 'qwen2',
    callFormat: 'hermes',
    tokenizer: qwen2,
    chat: await open(TOOL_TEMPLATES.qwen2, 'qwen2', qwen2),
  },
  {
    name: 'llama3',
    callFormat: 'llama3',
    tokenizer: llama3,
    chat: await open(TOOL_TEMPLATES.llama3, 'llama', llama3),
  },
  {
    name: 'phi4',
    callFormat: 'phi4',
    tokenizer: phi4,
    chat: await open(TEMPLATES.phi4, 'phi3', phi4),
  },
  {
    name: 'a template without tools',
    callFormat: 'hermes',
    tokenizer: smollm2,
    chat: await open(TEMPLATES.smollm2, 'llama', smollm2),
  },
  {
    name: "the family's own code",
    callFormat: 'hermes',
    tokenizer: phi,
    chat: await open(CHAT_TEMPLATES[0] ?? '', 'phi3', phi),
  },
] as const;

describe.for(chats)('$name', ({ name, callFormat, tokenizer, chat }) => {
  test('prompts with tools are those that transformers renders from the published template', () => {
    expect(chat.callFormat).toBe(callFormat);
    const known = cases.filter(({ texts }) => texts[name] !== undefined);
    for (const { messages, tools, texts } of known) {
      expect(textOf(chat.partsOf(messages, tools))).toBe(texts[name]);
    }
  });

  test('a token in a definition, a call or an output is text; only the template writes tokens', () => {
    const random = new SeededRandom(44n);
    const tokens = tokenizer.addedTokens.map(({ content }) => content);
    for (let round = 0; round < 150; round += 1) {
      const seed = BigInt(round);
      const form = () => {
        const draws = new SeededRandom(seed);
        return (most: number) => draws.nextUint32() % (most + 1);
      };
      const { messages, tools } = randomToolConversation(form(), () => tokenText(random, tokens));
      const harmless = randomToolConversation(form(), () => 'x');
      expect({ messages, tools, specials: specialsOf(chat.partsOf(messages, tools)) }).toEqual({
        messages,
        tools,
        specials: specialsOf(chat.partsOf(harmless.messages, harmless.tools)),
      });
    }
  });

  test('outputs are written in the order of their calls, whatever order they come in', () => {
    const { messages = [], tools = [] } =
      cases.find(({ name: its }) => /two calls/u.test(its)) ?? {};
    const swapped = [...messages.slice(0, -2), ...messages.slice(-2).toReversed()];
    expect(chat.partsOf(swapped, tools)).toEqual(chat.partsOf(messages, tools));
  });
});

test('a template without tools gets a short text that lists them, and turns of roles that it has', () => {
  const [, , , none] = chats;
  const { messages = [], tools = [] } = cases.find(({ name }) => /two calls/u.test(name)) ?? {};
  const parts = none.chat.partsOf([{ role: 'system', content: 'Be brief.' }, ...messages], tools);
  expect(textOf(parts)).toBe(`<|im_start|>system
Be brief.

You can call these tools:
{"name": "get_weather", "description": "Current weather of a \\"city\\" in °C.", "parameters": {"type": "object", "properties": {"city": {"type": "string", "description": "Name, e.g. Zürich"}, "unit": {"enum": ["c", "f"]}, "days": {"type": "array", "items": {"type": "integer", "minimum": 1}, "maxItems": 3}}, "required": ["city"]}}
{"name": "clock", "description": "The time.", "parameters": {"type": "object", "properties": {}}}
To call a tool, answer with its name and arguments:
<tool_call>
{"name": "NAME", "arguments": {...}}
</tool_call><|im_end|>
<|im_start|>user
Weather in Paris — and the time?<|im_end|>
<|im_start|>assistant
<tool_call>
{"name": "get_weather", "arguments": {"city": "Paris", "days": [1, 2], "unit": null}}
</tool_call>
<tool_call>
{"name": "clock", "arguments": {}}
</tool_call><|im_end|>
<|im_start|>user
<tool_response>
{"temp": 21.5}
</tool_response>
<tool_response>
12:00 <noon>
</tool_response><|im_end|>
<|im_start|>assistant
`);
});

test('a template that takes one call per message gets each with its output', () => {
  const [, llama] = chats;
  const { messages = [], tools = [] } = cases.find(({ name }) => /two calls/u.test(name)) ?? {};
  const text = textOf(llama.chat.partsOf(messages, tools));
  const places = [
    '{"name": "get_weather", "parameters"',
    '21.5',
    '{"name": "clock", "parameters"',
    '12:00',
  ].map((part) => text.indexOf(part));
  expect(places).toEqual(places.toSorted((left, right) => left - right));
  expect(places).not.toContain(-1);
});

test('a folder with another template for tools uses it for them alone, if it writes them', async () => {
  const { messages = [], tools = [] } = cases.find(({ name }) => /two calls/u.test(name)) ?? {};
  const [qwen] = chats;
  const list = (tool_use: string) =>
    Object.entries({ default: TEMPLATES.smollm2, tool_use }).map(([name, template]) => ({
      name,
      template,
    }));
  const ask = [{ role: 'user', content: 'Hi' }] as const;
  const both = await open(list(TOOL_TEMPLATES.qwen2), 'qwen2', qwen2);
  expect(both.partsOf(messages, tools)).toEqual(qwen.chat.partsOf(messages, tools));
  expect(textOf(both.partsOf(ask))).toContain('named SmolLM');
  for (const bad of ['{% for', '{{ tools }}', TEMPLATES.smollm2]) {
    const chat = await open(list(bad), 'qwen2', qwen2);
    expect(textOf(chat.partsOf(messages, tools))).toContain('You can call these tools:');
  }
});

const claims = (body: string) =>
  `{%- for m in messages %}{{- '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>\n' }}{%- endfor %}${body}`;

test.each([
  ['drops their calls', claims(`{%- for t in tools or [] %}{{- t | tojson }}{%- endfor %}`)],
  [
    'writes calls in a form that is not known',
    claims(
      `{%- for t in tools or [] %}{{- t | tojson }}{%- endfor %}{%- for m in messages if m.tool_calls %}{%- for c in m.tool_calls %}{{- 'CALL ' + c.function.name }}{{- c.function.arguments | tojson }}{%- endfor %}{%- endfor %}`,
    ),
  ],
  ['refuses them', claims(`{%- if tools %}{{- raise_exception('No tools.') }}{%- endif %}`)],
])('a template that reads tools but %s gets the text instead', async (_, template) => {
  const { messages = [], tools = [] } = cases.find(({ name }) => /two calls/u.test(name)) ?? {};
  const chat = await open(template, 'qwen2', qwen2);
  expect(chat.callFormat).toBe('hermes');
  const parts = chat.partsOf(messages, tools);
  expect(textOf(parts)).toContain('You can call these tools:\n{"name": "get_weather"');
  // The engine's own tags are tokens where the tokenizer has them.
  expect(specialsOf(parts).filter((token) => token === '<tool_call>')).toHaveLength(3);
});

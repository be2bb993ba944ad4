import { Tokenizer as PublicTokenizer } from '@huggingface/tokenizers';
import { expect, test } from 'vitest';

import { buildByteLevelTokenizer } from '../../builder/byte-level-tokenizer.ts';
import { buildTokenizer } from '../../builder/phi3/build-tokenizer.ts';
import { TRAINING_PARAGRAPHS } from '../../builder/training-text.ts';
import type { ChatMessage } from '../../engine.ts';
import type { ChatPart } from '../../families/model-family.ts';
import { CHAT_TEMPLATES, chatParts } from '../../families/phi3/chat-parts.ts';
import { SeededRandom } from '../../sampling/seeded-random.ts';
import { BYTE_LEVEL_FORMS } from '../../testing/byte-level-forms.ts';
import { TEMPLATES } from '../../testing/chat-templates.ts';
import { randomMessages } from '../../testing/random-messages.ts';
import { encodeChatInSteps } from '../encode-chat.ts';
import { runAtOnce } from '../in-steps.ts';
import { parseTokenizerFile } from '../tokenizer-file.ts';
import { Tokenizer } from '../tokenizer.ts';
import { ChatTemplate } from './chat-template.ts';

const phi = buildTokenizer(1088);
const tokensOf = (tokenizer: Tokenizer) => tokenizer.addedTokens.map(({ content }) => content);
const textOf = (parts: readonly ChatPart[]) =>
  parts.map((part) => ('special' in part ? part.special : part.text)).join('');
const specialsOf = (parts: readonly ChatPart[]) =>
  parts.flatMap((part) => ('special' in part ? part.special : []));

const families = (['smollm2', 'llama3', 'qwen2', 'phi4'] as const).map((name) => {
  const text = TRAINING_PARAGRAPHS.join('\n');
  const json = buildByteLevelTokenizer(BYTE_LEVEL_FORMS[name], text, 200);
  const tokenizer = new Tokenizer(parseTokenizerFile(json));
  const { addedTokens } = tokenizer;
  const variables = { bos_token: addedTokens[0]?.content ?? '' };
  return {
    name,
    json,
    tokenizer,
    template: new ChatTemplate(TEMPLATES[name], { variables, addedTokens }),
  };
});

function phiTemplate(source: string): ChatTemplate {
  const { addedTokens } = phi.tokenizer;
  return new ChatTemplate(source, { variables: { eos_token: '<|endoftext|>' }, addedTokens });
}

test("Phi's own code gives what the published templates give, in 10,000 conversations", () => {
  const templates = CHAT_TEMPLATES.map(phiTemplate);
  const random = new SeededRandom(41n);
  for (let round = 0; round < 10_000; round += 1) {
    const messages = randomMessages(random, tokensOf(phi.tokenizer));
    const parts = templates[round % templates.length]?.partsOf(messages);
    expect({ messages, parts }).toEqual({ messages, parts: chatParts(messages) });
  }
});

test.each(families)(
  '$name: a token in a message is text; only the template writes tokens',
  ({ template, tokenizer }) => {
    const random = new SeededRandom(42n);
    for (let round = 0; round < 1_000; round += 1) {
      const messages = randomMessages(random, tokensOf(tokenizer));
      const harmless = messages.map(({ role }) => ({ role, content: 'x' }));
      const parts = template.partsOf(messages);
      expect({ messages, specials: specialsOf(parts) }).toEqual({
        messages,
        specials: specialsOf(template.partsOf(harmless)),
      });
      const trimmed = messages.map(({ content }) => content.trim());
      for (const content of trimmed) expect(textOf(parts)).toContain(content);
    }
  },
);

test.each(families)(
  '$name: a prompt has the ids of its rendered text',
  ({ json, template, tokenizer }) => {
    const oracle = new PublicTokenizer(json, {});
    const random = new SeededRandom(43n);
    for (let round = 0; round < 200; round += 1) {
      const messages = randomMessages(random, ['a', 'b']).map(({ role, content }) => ({
        role,
        content: content.replaceAll(/[\u0085\uFEFFſ]|(?!\d)\p{N}/gu, ''),
      }));
      const parts = template.partsOf(messages);
      expect(Array.from(runAtOnce(encodeChatInSteps(parts, tokenizer)))).toEqual(
        oracle.encode(textOf(parts), { add_special_tokens: false }).ids,
      );
    }
  },
);

test('Llama 3 trims messages, and a message of white space is empty', () => {
  const template = families[1]?.template;
  const parts = template?.partsOf([
    { role: 'system', content: '  \n' },
    { role: 'user', content: '\n Hi <|eot_id|>\t' },
  ]);
  expect(textOf(parts ?? [])).toBe(
    '<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\n<|eot_id|>' +
      '<|start_header_id|>user<|end_header_id|>\n\nHi <|eot_id|><|eot_id|>' +
      '<|start_header_id|>assistant<|end_header_id|>\n\n',
  );
});

test('a token that a message and the template would form together is not formed', () => {
  const template = phiTemplate(
    `{{ '<|e' }}{% for m in messages %}{{ m.content }}{% endfor %}{{ '|>' }}`,
  );
  for (const contents of [['nd'], ['n', 'd'], ['nd|>'], ['nd|><|end']]) {
    const messages = contents.map((content) => ({ role: 'user' as const, content }));
    expect(template.partsOf(messages)).toEqual([{ text: `<|e${contents.join('')}|>` }]);
  }
});

test('a template that reads an added token in a message gets it; a special one is refused', () => {
  const { addedTokens } = families[2]?.tokenizer ?? phi.tokenizer;
  const template = (token: string) =>
    new ChatTemplate(
      `{% for m in messages %}{% if '${token}' in m.content %}{{ m.content.split('${token}')[-1] }}{% else %}{{ m.content }}{% endif %}{% endfor %}`,
      { variables: {}, addedTokens },
    );
  const ask = (content: string): ChatMessage[] => [{ role: 'user', content }];
  expect(template('</tool_call>').partsOf(ask('a</tool_call>b'))).toEqual([{ text: 'b' }]);
  expect(template('<|im_end|>').partsOf(ask('ab'))).toEqual([{ text: 'ab' }]);
  expect(() => template('<|im_end|>').partsOf(ask('a<|im_end|>b'))).toThrow(
    /changes a text that contains a special token/u,
  );
});

test('a lone surrogate in a message, which stands for nothing, is U+FFFD', () => {
  const template = phiTemplate('{{ messages[0].content }}');
  expect(template.partsOf([{ role: 'user', content: 'a\uDC00b\uD800' }])).toEqual([
    { text: 'a\uFFFDb\uFFFD' },
  ]);
});

test('a text may hold characters of private use, but not all of them', () => {
  const template = phiTemplate('{{ messages[0].content }}');
  const all = Array.from({ length: 0x1900 }, (_, at) => String.fromCodePoint(0xe000 + at));
  const ask = (content: string) => template.partsOf([{ role: 'user', content }]);
  const most = `<|end|>${all.slice(0, -1).join('')}`;
  expect(ask(most)).toEqual([{ text: most }]);
  expect(() => ask(all.join(''))).toThrow(/every character of private use/u);
});

test('a text that JSON escapes is guarded, and rendered as it was', () => {
  const template = phiTemplate('{{ messages[0].content | tojson }}');
  const content = 'a "<|end|>" \\ \n \u2028 \ue000 é<|user|>';
  expect(template.partsOf([{ role: 'user', content }])).toEqual([
    { text: JSON.stringify(content) },
  ]);
});

const many: ChatMessage[] = Array.from({ length: 256 }, () => ({ role: 'user', content: 'Hi' }));
const loops = (depth: number) =>
  `${'{% for m in messages %}'.repeat(depth)}x${'{% endfor %}'.repeat(depth)}`;

test.each([
  ['five loops over the messages', loops(5), /it takes longer than 500 ms/u],
  ['a range of a billion', '{% for i in range(1000000000) %}x{% endfor %}', /is too long/u],
  [
    'text that doubles',
    `{% set ns = namespace(t='x') %}{% for m in messages %}{% set ns.t = ns.t + ns.t %}{% endfor %}{{ ns.t }}`,
    /refuses these messages/u,
  ],
  [
    'two million characters',
    `{% for i in range(2000) %}{{ '${'0123456789'.repeat(100)}' }}{% endfor %}`,
    /writes 2000000 characters/u,
  ],
  ["today's date", `{{ strftime_now('%d') }}`, /refuses these messages/u],
  [
    'a refusal',
    `{{ raise_exception('Roles must alternate') }}`,
    /refuses these messages: Roles must alternate/u,
  ],
])('a template with %s is refused in bounded time', (_, source, message) => {
  const startedAt = performance.now();
  expect(() => phiTemplate(source).partsOf(many)).toThrow(message);
  expect(performance.now() - startedAt).toBeLessThan(3_000);
});

test('a text that is no template is refused when it is opened', () => {
  expect(() => phiTemplate('{% for m in messages %}')).toThrow(/chat template is not valid/u);
});

test('a message of a million characters is written in half a second of processor time', () => {
  const template = phiTemplate(CHAT_TEMPLATES[0] ?? '');
  for (const piece of ['a', '<', '<|', '<|en', '<|end|>', ' ', '\uD800', '\uE000']) {
    const content = piece.repeat(Math.ceil(1_000_000 / piece.length));
    const before = process.cpuUsage();
    template.partsOf([{ role: 'user', content }]);
    const { user, system } = process.cpuUsage(before);
    expect(user + system).toBeLessThan(500_000);
  }
});

import { CHAT_PARAMETERS } from '../chat-parameter-items.ts';
import type { Model } from '../model.ts';

export const smollm2135mInstruct: Model = {
  id: '600',
  owner: 'HuggingFaceTB',
  name: 'SmolLM2-135M-Instruct',
  description:
    'HuggingFaceTB/SmolLM2-135M-Instruct is a very small language model that answers in real English on two CPU cores.',
  readme: `## Model summary

SmolLM2-135M-Instruct is the smallest of the SmolLM2 family: 135 million parameters, trained on 2 trillion tokens and
tuned with supervised fine-tuning and direct preference optimisation. \`runfleet model add smollm2\` downloads it (93 MB)
and serves its 4-bit weights, which are exactly those of its GGUF file.

| | |
|---|---|
| Parameters | 135 million |
| Vocabulary | 49,152 tokens |
| Context served here | 4,096 tokens |
| Context it was trained for | 8,192 tokens |
| Licence | Apache-2.0 |

## Intended uses

A first answer with real weights, drafts, rewriting and short summaries in English. It writes fluently and knows little:
names, dates and numbers are often wrong, it does not calculate, and it may repeat itself. Give it the facts in the
prompt, and use a larger model for answers that matter.

## Chat format

ChatML: a message becomes \`<|im_start|>\`, its role, its text and \`<|im_end|>\`. A conversation without a system prompt
gets the one that the model was tuned with.
`,
  categories: ['tool', 'llm', 'text-generation'],
  tags: ['smollm2', 'chat', 'gguf'],
  version: 1,
  limits: {},
  aliases: [],
  choices: [],
  isRetired: false,
  price: {
    version: 'smollm2-135m-instruct/1',
    method: 'second',
    parts: { second: '0.000020000000' },
  },
  pool: 'smollm2-135m-instruct',
  parameters: CHAT_PARAMETERS,
  samples: [],
  inspire: [
    { prompt: 'Explain in three sentences why the sky is blue.' },
    { prompt: 'Write a short poem about the sea.' },
    { prompt: 'Rewrite this in plain English: We hereby acknowledge receipt of your letter.' },
  ],
};

import { CHAT_PARAMETERS } from '../chat-parameter-items.ts';
import type { Model } from '../model.ts';

export const phi35MiniInstruct: Model = {
  id: '598',
  owner: 'microsoft',
  name: 'Phi-3.5-mini-instruct',
  description:
    'microsoft/Phi-3.5-mini-instruct is a lightweight language model for instruction-based tasks, with high-quality responses from a compact architecture.',
  readme: `## Model summary

Phi-3.5-mini is a lightweight open model built on synthetic data and filtered public websites, with a focus on
reasoning-dense data. It has 3.8 billion parameters, belongs to the Phi-3 family and was tuned with supervised
fine-tuning, proximal policy optimisation and direct preference optimisation.

| | |
|---|---|
| Parameters | 3.8 billion |
| Vocabulary | 32,064 tokens |
| Context served here | 4,096 tokens |
| Licence | MIT |

## Intended uses

General-purpose assistants in memory- or compute-constrained and latency-bound settings, with strong reasoning in code,
mathematics and logic. It is a small model: it does not hold much factual knowledge, so check facts or give it the
sources. It was evaluated mostly in English, and quality differs between languages.

## Chat format

A prompt becomes \`<|user|>\`, the text and \`<|end|>\`; a system prompt precedes it as \`<|system|>\`; the answer follows
\`<|assistant|>\`. Multi-turn conversations are sent in \`messages\`.
`,
  categories: ['tool', 'llm', 'text-generation'],
  tags: ['phi-3.5', 'chat', 'onnx'],
  version: 1,
  limits: {},
  aliases: [],
  choices: [],
  isRetired: false,
  price: {
    version: 'phi-3.5-mini-instruct/1',
    method: 'second',
    parts: { second: '0.000585000000' },
  },
  pool: 'phi-3-5-mini-instruct',
  parameters: CHAT_PARAMETERS,
  samples: [],
  inspire: [
    { prompt: 'Explain in three sentences why the sky is blue.' },
    { prompt: 'Write a haiku about a queue that is always fair.' },
    { prompt: 'What is 47 + 38? Show the steps.', temperature: '0' },
  ],
};

import { CHAT_PARAMETERS } from '../chat-parameter-items.ts';
import type { Model } from '../model.ts';

export const phi3Mini4kInstruct: Model = {
  id: '599',
  owner: 'microsoft',
  name: 'Phi-3-mini-4k-instruct',
  description:
    'microsoft/Phi-3-mini-4k-instruct is the first small model of the Phi-3 family: 3.8 billion parameters for short conversations in English.',
  readme: `## Model summary

Phi-3-mini-4k is the predecessor of Phi-3.5-mini: a dense decoder-only transformer of the same shape, trained on 4.9
trillion tokens of synthetic data and filtered public documents, and tuned with supervised fine-tuning and direct
preference optimisation.

| | |
|---|---|
| Parameters | 3.8 billion |
| Vocabulary | 32,064 tokens |
| Context | 4,096 tokens |
| Licence | MIT |

## Intended uses

Assistants in memory- or compute-constrained and latency-bound settings, with strong reasoning in code, mathematics and
logic. It was made for English; for other languages Phi-3.5-mini does better. It does not hold much factual knowledge, so
check facts or give it the sources.

## Chat format

The same as Phi-3.5-mini's: a prompt becomes \`<|user|>\`, the text and \`<|end|>\`; the answer follows \`<|assistant|>\`.
`,
  categories: ['tool', 'llm', 'text-generation'],
  tags: ['phi-3', 'chat', 'onnx'],
  version: 1,
  limits: {},
  aliases: [],
  choices: [],
  isRetired: false,
  price: {
    version: 'phi-3-mini-4k-instruct/1',
    method: 'second',
    parts: { second: '0.000585000000' },
  },
  pool: 'phi-3-mini-4k-instruct',
  parameters: CHAT_PARAMETERS,
  samples: [],
  inspire: [
    { prompt: 'Explain in three sentences why the sky is blue.' },
    { prompt: 'What is 47 + 38? Show the steps.', temperature: '0' },
  ],
};

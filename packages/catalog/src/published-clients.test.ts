/** The parameters that published clients send to chat models, and the source of each. */
import { describe, expect, test } from 'vitest';

import { parseChatParameters } from './chat-parameters.ts';
import { CHAT_SYNONYMS } from './chat-synonyms.ts';
import { MODELS } from './index.ts';
import { OTHER_PARAMETERS } from './other-parameters.ts';

const limits = { maxTokens: 1_024, maxTimeoutSeconds: 3_600 };
const parse = (body: Record<string, unknown>) => parseChatParameters(body, limits);

const NODES = 'wiroai/n8n-nodes-wiroai@4a02e58 nodes/WiroAI';
const DOCS = 'wiroai/Wiro-Docs@49e7c86 markdown';

/** Bodies as the client builds them when its user enters only a prompt. */
const BODIES: readonly { source: string; body: Record<string, unknown> }[] = [
  {
    source: `${NODES}/Chat/Chat.node.ts`,
    body: {
      selectedModel: '',
      selectedModelPrivate: '',
      prompt: 'Hello',
      user_id: '',
      session_id: '',
      system_prompt: '',
      temperature: 0,
      top_p: 0,
      top_k: 0,
      repetition_penalty: 0,
      length_penalty: 0,
      max_tokens: 0,
      min_tokens: 0,
      max_new_tokens: 0,
      min_new_tokens: 0,
      stop_sequences: '',
      seed: '',
      quantization: false,
      do_sample: false,
    },
  },
  {
    source: 'wiroai/n8n-nodes-wiroai@ebaefef nodes/WiroAI/AskAiChatbot/AskAiChatbot.node.ts',
    body: {
      prompt: 'Hello',
      system_prompt: 'You are a helpful assistant.',
      user_id: '',
      session_id: '',
      temperature: '0.7',
      top_p: '0.95',
      top_k: '0',
      repetition_penalty: '1.0',
      length_penalty: '1',
      max_tokens: '0',
      min_tokens: '0',
      max_new_tokens: '0',
      min_new_tokens: '-1',
      stop_sequences: '',
      seed: '12345',
      quantization: '--quantization',
      do_sample: '--do_sample',
    },
  },
  {
    source: `${NODES}/Seed2Mini/Seed2Mini.node.ts`,
    body: {
      inputImageUrl: '',
      prompt: 'Hello',
      user_id: '',
      session_id: '',
      systemInstructions: '',
      temperature: 0,
      topP: 0,
      frequencyPenalty: 0,
      presencePenalty: 0,
      maxCompletionTokens: 0,
      reasoningEffort: '',
      thinkingType: 'auto',
    },
  },
  {
    source: `${NODES}/Gemini25Flash/Gemini25Flash.node.ts, Gemini3Flash/Gemini3Flash.node.ts`,
    body: {
      inputAllUrl: '',
      prompt: 'Hello',
      user_id: '',
      session_id: '',
      systemInstructions: '',
      thinkingLevel: '',
      thinkingBudget: 0,
      temperature: 0,
      topP: 0,
      maxOutputTokens: 0,
    },
  },
  {
    source: `${NODES}/Gpt52/Gpt52.node.ts`,
    body: {
      inputImageUrl: '',
      prompt: 'Hello',
      user_id: '',
      session_id: '',
      systemInstructions: '',
      reasoning: 'none',
      webSearch: 'false',
      verbosity: 'medium',
    },
  },
  {
    source: `${NODES}/RagChat/RagChat.node.ts, RagChatGithub/RagChatGithub.node.ts, RagChatWebsite/RagChatWebsite.node.ts`,
    body: {
      selectedModel: '',
      selectedModelPrivate: '',
      inputDocumentMultiple: '',
      inputDocumentUrlMultiple: '',
      websiteUrl: '',
      github_owner: '',
      github_repo: '',
      github_branch: '',
      github_token: '',
      prompt: 'Hello',
      user_id: '',
      session_id: '',
      system_prompt: '',
      temperature: 0,
      top_p: 0,
      top_k: 0,
      chunk_size: 0,
      chunk_overlap: 0,
      similarity_top_k: 0,
      context_window: 0,
      max_new_tokens: 0,
      seed: '',
      quantization: false,
      do_sample: false,
    },
  },
  {
    source: `${NODES}/AskVideo/AskVideo.node.ts`,
    body: { inputVideoUrl: '', prompt: 'Hello', numBeams: 1, temperature: 0 },
  },
  {
    source: `${DOCS}/model-parameters.md (the parameters of realtime models)`,
    body: {
      prompt: 'Hello',
      system_instructions: 'You are a helpful assistant.',
      temperature: 0.8,
      topP: 0.6,
      topK: 30,
      repetitionPenalty: 1.1,
    },
  },
  {
    source: `${DOCS}/llm-chat-streaming.md (August 2026: session, tools and continuation)`,
    body: {
      prompt: '',
      messages: [{ role: 'user', content: 'Hello' }],
      user_id: '7c9e6679-7425-40de-944b-e07fc1f90ae7',
      session_id: '',
      tools: [],
      tool_choice: 'auto',
      parallel_tool_calls: true,
      previousTaskToken: '',
      toolOutputs: [],
    },
  },
  {
    source: `${DOCS}/run-a-model.md (August 2026: tool calls)`,
    body: {
      messages: [{ role: 'user', content: 'Hello' }],
      tools: [
        {
          type: 'function',
          function: {
            name: 'get_weather',
            description: 'Return current weather for a city',
            parameters: {
              type: 'object',
              properties: { city: { type: 'string' } },
              required: ['city'],
              additionalProperties: false,
            },
            strict: true,
          },
        },
      ],
      tool_choice: 'auto',
      parallel_tool_calls: true,
    },
  },
  {
    source: 'openai/openai-openapi openapi.json (what SDKs of that API send)',
    body: {
      messages: [{ role: 'user', content: [{ type: 'text', text: 'Hello' }] }],
      max_completion_tokens: 64,
      stop: ['END'],
      n: 1,
      stream: false,
      user: 'ada',
    },
  },
];

describe('the body of a published client is accepted', () => {
  test.for(BODIES)('$source', ({ body }) => {
    expect(parse(body).messages.at(-1)).toEqual({ role: 'user', content: 'Hello' });
  });
});

test('every name that the catalogue does not list has a client that sends it', () => {
  const sent = new Set(BODIES.flatMap(({ body }) => Object.keys(body)));
  const listed = [...Object.keys(CHAT_SYNONYMS), ...Object.keys(OTHER_PARAMETERS)];
  expect(listed.filter((name) => !sent.has(name))).toEqual([]);
});

describe('an unsupported value is refused with its name and the reason', () => {
  test.for([
    [{ length_penalty: 1.2 }, '[length_penalty] is not supported: there is no beam search'],
    [{ n: 2 }, '[n] is not supported: one run gives one answer'],
    [{ stream: true }, '[stream] is not supported: follow the task'],
    [{ selectedModel: '712' }, '[selectedModel] is not supported: the path names the model'],
    [{ inputImageUrl: 'https://example.org/1.png' }, '[inputImageUrl] is not supported'],
    [{ reasoning: 'high' }, '[reasoning] is not supported: this model does not reason'],
    [{ webSearch: 'true' }, '[webSearch] is not supported'],
    [{ user_id: 'x'.repeat(257) }, '[user_id] must be a string of at most 256 characters'],
    [{ user: {} }, '[user] must be a string of at most 256 characters'],
    [{ quantization: 'int4' }, '[quantization] must be true or false'],
  ] as [Record<string, unknown>, string][])('%o', ([wish, message]) => {
    expect(() => parse({ prompt: 'Hello', ...wish })).toThrow(message);
  });
});

describe('a name that no client sends is refused, so that nothing is stored unread', () => {
  test.for([
    ['unknown', 'Request parameter [unknown] is unknown.'],
    ['Prompt', 'Request parameter [Prompt] is unknown. Did you mean [prompt]?'],
    ['maxTokens', 'Request parameter [maxTokens] is unknown. Did you mean [max_tokens]?'],
    ['callbackurl', 'Request parameter [callbackurl] is unknown. Did you mean [callbackUrl]?'],
    ['__proto__', 'Request parameter [__proto__] is unknown.'],
    ['constructor', 'Request parameter [constructor] is unknown.'],
    ['', 'Request parameter [] is unknown.'],
    ['x'.repeat(1_000_000), `Request parameter [${'x'.repeat(64)}…] is unknown.`],
  ] as const)('%s', ([name, message]) => {
    const body = JSON.parse(`{"prompt":"Hello",${JSON.stringify(name)}:1}`) as object;
    expect(() => parse({ ...body })).toThrow(message);
    expect(() => parse(body as Record<string, unknown>)).toThrow(message);
  });
});

test('every parameter of the catalogue is accepted, also with its default', () => {
  for (const model of MODELS) {
    const items = model.parameters.flatMap((group) => group.items);
    const defaults = Object.fromEntries(items.map((item) => [item.id, item.default]));
    expect(parse({ ...defaults, prompt: 'Hello' })).toEqual(parse({ prompt: 'Hello' }));
  }
});

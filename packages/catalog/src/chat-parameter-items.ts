/**
 * The parameters of a chat model as the catalogue lists them and the model page's form draws them.
 */
import { CHAT_NUMBERS, type ChatNumber, type ChatNumberName } from './chat-numbers.ts';
import type { ParameterGroup, ParameterItem } from './model.ts';

export const CHAT_ITEMS = {
  prompt: {
    id: 'prompt',
    type: 'textarea',
    label: 'Prompt',
    description: 'Prompt to send to the model.',
    default: '',
    required: true,
    placeholder: 'Ask something',
  },
  system_prompt: {
    id: 'system_prompt',
    type: 'textarea',
    label: 'System prompt',
    description: 'How the model should behave.',
    default: '',
    required: false,
  },
  inputFile: {
    id: 'inputFile',
    type: 'fileinput',
    label: 'Files',
    description: 'Texts (txt, md, csv) and PDFs that the model reads before the prompt.',
    default: '',
    required: false,
    note: 'Upload files, or send the URLs or ids of files.',
  },
  temperature: number('temperature', 'Temperature', '0 picks the most likely token.'),
  top_p: number(
    'top_p',
    'Top p',
    'Keeps the most likely tokens up to this probability mass; 0 is off.',
  ),
  top_k: number('top_k', 'Top k', 'Keeps this many tokens; 0 is off.'),
  min_p: number(
    'min_p',
    'Min p',
    'Drops tokens below this share of the most likely one; 0 is off.',
  ),
  repetition_penalty: number('repetition_penalty', 'Repetition penalty'),
  presence_penalty: number(
    'presence_penalty',
    'Presence penalty',
    'Makes tokens that are already in the answer less likely.',
  ),
  frequency_penalty: number(
    'frequency_penalty',
    'Frequency penalty',
    'The same, for each time that they occur.',
  ),
  max_tokens: number('max_tokens', 'Max tokens', "0 means the operator's limit."),
  min_tokens: number('min_tokens', 'Min tokens'),
  stop_sequences: {
    id: 'stop_sequences',
    type: 'text',
    label: 'Stop sequences',
    description: 'Texts that end the answer, separated by semicolons.',
    default: '',
    required: false,
  },
  stop_token_ids: {
    id: 'stop_token_ids',
    type: 'text',
    label: 'Stop token ids',
    description: 'Tokens that end the answer, separated by commas.',
    default: '',
    required: false,
  },
  response_format: {
    id: 'response_format',
    type: 'textarea',
    label: 'Response format',
    description: 'Limits the answer to JSON, or to a JSON Schema.',
    default: '',
    required: false,
    placeholder: '{"type": "json_schema", "json_schema": {"schema": {"type": "object"}}}',
  },
  regex: {
    id: 'regex',
    type: 'text',
    label: 'Regular expression',
    description: 'Limits the whole answer to a pattern.',
    default: '',
    required: false,
    placeholder: '(yes|no)',
  },
  logprobs: {
    id: 'logprobs',
    type: 'select',
    label: 'Log probabilities',
    description: 'How likely each token was.',
    default: 'false',
    required: false,
    options: [
      { label: 'Off', value: 'false' },
      { label: 'On', value: 'true' },
    ],
  },
  top_logprobs: number(
    'top_logprobs',
    'Alternatives',
    'How many other tokens to list for each token.',
  ),
  seed: {
    ...number('seed', 'Seed'),
    description: 'The same seed and input give the same answer; empty means a random seed.',
  },
  do_sample: {
    id: 'do_sample',
    type: 'select',
    label: 'Sampling',
    default: 'true',
    required: false,
    options: [
      { label: 'On', value: 'true' },
      { label: 'Off (greedy)', value: 'false' },
    ],
  },
  tools: {
    id: 'tools',
    type: 'textarea',
    label: 'Tools',
    description: 'Functions that the model may ask you to call, as a list in JSON.',
    default: '',
    required: false,
    placeholder:
      '[{"type": "function", "function": {"name": "get_time", "parameters": {"type": "object"}}}]',
  },
  tool_choice: {
    id: 'tool_choice',
    type: 'text',
    label: 'Tool choice',
    description: 'auto, none, required, or the only function to call.',
    default: '',
    required: false,
    placeholder: '{"type": "function", "function": {"name": "get_time"}}',
  },
  parallel_tool_calls: {
    id: 'parallel_tool_calls',
    type: 'select',
    label: 'Parallel calls',
    description: 'Whether one answer may call several functions.',
    default: 'true',
    required: false,
    options: [
      { label: 'On', value: 'true' },
      { label: 'Off', value: 'false' },
    ],
  },
  toolOutputs: {
    id: 'toolOutputs',
    type: 'textarea',
    label: 'Tool outputs',
    description: 'Instead of a prompt: what the functions returned that the previous task called.',
    default: '',
    required: false,
    placeholder: '[{"call_id": "call_7_1", "output": "12:00"}]',
  },
  timeout: number('timeout', 'Timeout (seconds)', 'Ends the run, and so limits its cost.'),
  session_id: {
    id: 'session_id',
    type: 'text',
    label: 'Session',
    description: 'Runs of one session are a conversation: each reads the earlier ones.',
    default: '',
    required: false,
  },
  user_id: {
    id: 'user_id',
    type: 'text',
    label: 'User',
    description: 'Your end user. Sessions of different users are different conversations.',
    default: '',
    required: false,
  },
  previousTaskToken: {
    id: 'previousTaskToken',
    type: 'text',
    label: 'Previous task',
    description: 'The socketaccesstoken of the turn to continue; empty means the latest one.',
    default: '',
    required: false,
  },
} as const satisfies Record<string, ParameterItem>;

export type ChatParameterName = keyof typeof CHAT_ITEMS;

export const CHAT_PARAMETERS: readonly ParameterGroup[] = [
  { title: 'Input', items: [CHAT_ITEMS.prompt, CHAT_ITEMS.inputFile, CHAT_ITEMS.system_prompt] },
  {
    title: 'Settings',
    items: [
      CHAT_ITEMS.temperature,
      CHAT_ITEMS.top_p,
      CHAT_ITEMS.top_k,
      CHAT_ITEMS.repetition_penalty,
      CHAT_ITEMS.max_tokens,
      CHAT_ITEMS.min_tokens,
      CHAT_ITEMS.stop_sequences,
      CHAT_ITEMS.seed,
      CHAT_ITEMS.do_sample,
      CHAT_ITEMS.timeout,
    ],
  },
  {
    title: 'Advanced',
    items: [
      CHAT_ITEMS.min_p,
      CHAT_ITEMS.presence_penalty,
      CHAT_ITEMS.frequency_penalty,
      CHAT_ITEMS.stop_token_ids,
      CHAT_ITEMS.response_format,
      CHAT_ITEMS.regex,
      CHAT_ITEMS.logprobs,
      CHAT_ITEMS.top_logprobs,
      CHAT_ITEMS.session_id,
      CHAT_ITEMS.user_id,
      CHAT_ITEMS.previousTaskToken,
      CHAT_ITEMS.tools,
      CHAT_ITEMS.tool_choice,
      CHAT_ITEMS.parallel_tool_calls,
      CHAT_ITEMS.toolOutputs,
    ],
  },
];

function number<const Name extends ChatNumberName>(id: Name, label: string, description?: string) {
  const { fallback, min, max, step }: ChatNumber = CHAT_NUMBERS[id];
  return {
    id,
    type: max <= 10 ? 'range' : 'number',
    label,
    default: fallback,
    required: false,
    min,
    max,
    step,
    ...(description === undefined ? {} : { description }),
  } as const;
}

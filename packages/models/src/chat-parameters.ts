/**
 * The parameters of a chat model: their place in the catalogue and on the form, and their one
 * reading. All may arrive as strings.
 */
import { MESSAGES, RunfleetError } from '@runfleet/protocol';

import type { ParameterGroup, ParameterItem } from './model.ts';
import { type OutputGrammar, readOutputGrammar } from './output-grammar.ts';

export type ChatMessage = { role: 'system' | 'user' | 'assistant'; content: string };

/** A validated request. `seed` is null where the caller left the choice to us. */
export type ChatRequest = {
  messages: ChatMessage[];
  maxTokens: number;
  minTokens: number;
  temperature: number;
  topP: number;
  topK: number;
  minP: number;
  repetitionPenalty: number;
  presencePenalty: number;
  frequencyPenalty: number;
  greedy: boolean;
  stopSequences: string[];
  stopTokenIds: number[];
  /** How many alternatives to tell of beside each token; null tells of no token. */
  topLogprobs: number | null;
  grammar: OutputGrammar | null;
  seed: bigint | null;
  timeoutSeconds: number;
};

/** What an operator allows. `maxTokens` is also what "0" stands for. */
export type ChatLimits = { maxTokens: number; maxTimeoutSeconds: number };

const DEFAULT_TIMEOUT_SECONDS = 300;
const STOP_SEQUENCES_MAX = 16;
const STOP_SEQUENCE_CHARACTERS_MAX = 256;
const STOP_TOKEN_IDS_MAX = 64;
const TOKEN_ID_MAX = 2 ** 24;
const MESSAGES_MAX = 256;
const ROLES: readonly string[] = ['system', 'user', 'assistant'];

const ITEMS = {
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
  temperature: number(
    'temperature',
    'Temperature',
    '0.7',
    0,
    5,
    0.05,
    '0 picks the likeliest token.',
  ),
  top_p: number(
    'top_p',
    'Top p',
    '0.95',
    0,
    1,
    0.01,
    'Keeps the likeliest tokens up to this mass.',
  ),
  top_k: number('top_k', 'Top k', '0', 0, 1000, 1, 'Keeps this many tokens; 0 is off.'),
  min_p: number(
    'min_p',
    'Min p',
    '0',
    0,
    1,
    0.01,
    'Drops tokens below this share of the likeliest; 0 is off.',
  ),
  repetition_penalty: number('repetition_penalty', 'Repetition penalty', '1.0', 0.1, 10, 0.05),
  presence_penalty: number(
    'presence_penalty',
    'Presence penalty',
    '0',
    -2,
    2,
    0.1,
    'Makes tokens that the answer holds less likely.',
  ),
  frequency_penalty: number(
    'frequency_penalty',
    'Frequency penalty',
    '0',
    -2,
    2,
    0.1,
    'The same, for each time that it holds them.',
  ),
  max_tokens: number('max_tokens', 'Max tokens', '0', 0, 131_072, 1, "0 is the operator's cap."),
  max_new_tokens: number('max_new_tokens', 'Max new tokens', '0', 0, 131_072, 1, 'As max_tokens.'),
  min_tokens: number('min_tokens', 'Min tokens', '0', 0, 131_072, 1),
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
    description: 'Holds the answer to JSON, or to a JSON Schema.',
    default: '',
    required: false,
    placeholder: '{"type": "json_schema", "json_schema": {"schema": {"type": "object"}}}',
  },
  regex: {
    id: 'regex',
    type: 'text',
    label: 'Regular expression',
    description: 'Holds the whole answer to a pattern.',
    default: '',
    required: false,
    placeholder: '(yes|no)',
  },
  logprobs: {
    id: 'logprobs',
    type: 'select',
    label: 'Log probabilities',
    description: 'Tells how likely each token was.',
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
    '0',
    0,
    20,
    1,
    'How many other tokens to tell of beside each.',
  ),
  seed: {
    id: 'seed',
    type: 'number',
    label: 'Seed',
    description: 'The same seed and input give the same answer; empty is a random one.',
    default: '',
    required: false,
    min: 0,
    max: Number.MAX_SAFE_INTEGER,
    step: 1,
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
  timeout: number(
    'timeout',
    'Timeout (seconds)',
    '300',
    1,
    86_400,
    1,
    'Ends the run; bounds its cost.',
  ),
} as const satisfies Record<string, ParameterItem>;

type ParameterName = keyof typeof ITEMS;

export const CHAT_PARAMETERS: readonly ParameterGroup[] = [
  { title: 'Input', items: [ITEMS.prompt, ITEMS.system_prompt] },
  {
    title: 'Settings',
    items: [
      ITEMS.temperature,
      ITEMS.top_p,
      ITEMS.top_k,
      ITEMS.repetition_penalty,
      ITEMS.max_tokens,
      ITEMS.min_tokens,
      ITEMS.stop_sequences,
      ITEMS.seed,
      ITEMS.do_sample,
      ITEMS.timeout,
    ],
  },
  {
    title: 'Advanced',
    items: [
      ITEMS.min_p,
      ITEMS.presence_penalty,
      ITEMS.frequency_penalty,
      ITEMS.stop_token_ids,
      ITEMS.response_format,
      ITEMS.regex,
      ITEMS.logprobs,
      ITEMS.top_logprobs,
    ],
  },
];

/** Reads a Run's body. Throws `invalid_request` naming the first field that is wrong. */
export function parseChatParameters(
  body: Readonly<Record<string, unknown>>,
  limits: ChatLimits,
): ChatRequest {
  requireStorable('', body);
  refuseConversation(body);
  const messages = body['messages'] === undefined ? promptMessages(body) : listedMessages(body);

  const temperature = readNumber(body, 'temperature');
  const requested = readInteger(body, 'max_new_tokens') || readInteger(body, 'max_tokens');
  const maxTokens = Math.min(requested === 0 ? limits.maxTokens : requested, limits.maxTokens);
  const minTokens = readInteger(body, 'min_tokens');
  if (minTokens > maxTokens) {
    throw invalid(MESSAGES.parameterOutOfRange('min_tokens', 0, maxTokens));
  }
  const timeoutSeconds = readInteger(body, 'timeout') || DEFAULT_TIMEOUT_SECONDS;
  if (timeoutSeconds > limits.maxTimeoutSeconds) {
    throw invalid(MESSAGES.parameterOutOfRange('timeout', 1, limits.maxTimeoutSeconds));
  }

  return {
    messages,
    maxTokens,
    minTokens,
    temperature,
    topP: readNumber(body, 'top_p'),
    topK: readInteger(body, 'top_k'),
    minP: readNumber(body, 'min_p'),
    repetitionPenalty: readNumber(body, 'repetition_penalty'),
    presencePenalty: readNumber(body, 'presence_penalty'),
    frequencyPenalty: readNumber(body, 'frequency_penalty'),
    greedy: temperature === 0 || !readSwitch(body, 'do_sample'),
    stopSequences: readStopSequences(body),
    stopTokenIds: readStopTokenIds(body),
    topLogprobs: readTopLogprobs(body),
    grammar: readOutputGrammar(body),
    seed: isBlank(body['seed']) ? null : BigInt(readInteger(body, 'seed')),
    timeoutSeconds,
  };
}

function number(
  id: string,
  label: string,
  fallback: string,
  min: number,
  max: number,
  step: number,
  description?: string,
) {
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

/** Server-side conversations are not served; ignoring the field would answer without its memory. */
function refuseConversation(body: Readonly<Record<string, unknown>>): void {
  if (!isBlank(body['session_id'])) {
    throw invalid(
      'Request parameter [session_id] is not supported. Send the conversation in [messages] instead.',
    );
  }
}

function promptMessages(body: Readonly<Record<string, unknown>>): ChatMessage[] {
  const prompt = readText(body, 'prompt');
  if (prompt.trim() === '') throw invalid(MESSAGES.parameterRequired('prompt'));
  const system = readText(body, 'system_prompt');
  const user: ChatMessage = { role: 'user', content: prompt };
  return system === '' ? [user] : [{ role: 'system', content: system }, user];
}

function listedMessages(body: Readonly<Record<string, unknown>>): ChatMessage[] {
  const given =
    typeof body['messages'] === 'string' ? parseJson(body['messages']) : body['messages'];
  if (!Array.isArray(given) || given.length === 0 || given.length > MESSAGES_MAX) {
    throw invalid(
      `Request parameter [messages] must be a list of 1 to ${MESSAGES_MAX} objects with role and content`,
    );
  }
  const messages = given.map((entry: unknown, index): ChatMessage => {
    const { role, content } = (entry ?? {}) as { role?: unknown; content?: unknown };
    if (typeof role !== 'string' || !ROLES.includes(role)) {
      throw invalid(
        `Request parameter [messages[${index}].role] must be one of ${ROLES.join(', ')}`,
      );
    }
    if (typeof content !== 'string') {
      throw invalid(`Request parameter [messages[${index}].content] must be a text`);
    }
    return { role: role as ChatMessage['role'], content };
  });
  if (messages.at(-1)?.role !== 'user') {
    throw invalid('Request parameter [messages] must end with a message of role user');
  }
  const prompt = body['prompt'];
  if (!isBlank(prompt)) {
    throw invalid('Request parameter [prompt] cannot be combined with [messages]');
  }
  const system = readText(body, 'system_prompt');
  return system === '' ? messages : [{ role: 'system', content: system }, ...messages];
}

function readText(body: Readonly<Record<string, unknown>>, name: ParameterName): string {
  const value = body[name] ?? ITEMS[name].default;
  if (typeof value !== 'string') throw invalid(`Request parameter [${name}] must be a text`);
  return value;
}

/** NUL and lone surrogates exist in JSON but in no Postgres text and no UTF-8. */
function requireStorable(path: string, value: unknown): void {
  if (typeof value === 'string') {
    if (!value.includes('\0') && isWellFormed(value)) return;
    throw invalid(
      `Request parameter [${path}] must be valid Unicode text without NUL characters or lone surrogates`,
    );
  }
  if (typeof value !== 'object' || value === null) return;
  for (const [key, entry] of Object.entries(value)) {
    requireStorable(path, key);
    requireStorable(path === '' ? key : `${path}.${key}`, entry);
  }
}

// `String.prototype.isWellFormed` is in Node 20 but not in the ES2023 library types.
function isWellFormed(value: string): boolean {
  return !/\p{Surrogate}/u.test(value);
}

function readNumber(body: Readonly<Record<string, unknown>>, name: ParameterName): number {
  const item: ParameterItem = ITEMS[name];
  const given = body[name];
  if (isBlank(given)) return Number(item.default);
  const value =
    typeof given === 'number'
      ? given
      : typeof given === 'string' && /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(given)
        ? Number(given)
        : NaN;
  if (!Number.isFinite(value)) throw invalid(MESSAGES.parameterNotNumber(name));
  const { min = -Infinity, max = Infinity } = item;
  if (value < min || value > max) throw invalid(MESSAGES.parameterOutOfRange(name, min, max));
  return value;
}

function readInteger(body: Readonly<Record<string, unknown>>, name: ParameterName): number {
  const value = readNumber(body, name);
  if (!Number.isInteger(value)) throw invalid(`Request parameter [${name}] must be an integer`);
  return value;
}

/** The vendor's tools send the flag's own name for "on". */
function readSwitch(
  body: Readonly<Record<string, unknown>>,
  name: 'do_sample' | 'logprobs',
): boolean {
  const given = body[name];
  if (given === undefined || given === null) return ITEMS[name].default === 'true';
  if (typeof given === 'boolean') return given;
  if (given === 1 || given === '1' || given === 'true' || given === `--${name}`) return true;
  if (given === 0 || given === '0' || given === 'false' || given === '') return false;
  throw invalid(`Request parameter [${name}] must be true or false`);
}

/** One text with semicolons between, or a list, whose texts may then hold semicolons. */
function readStopSequences(body: Readonly<Record<string, unknown>>): string[] {
  const name = 'stop_sequences';
  const given = body[name];
  const listed: unknown[] = Array.isArray(given) ? given : readText(body, name).split(';');
  const sequences = listed.filter(
    (text): text is string => typeof text === 'string' && text !== '',
  );
  if (Array.isArray(given) && sequences.length < given.length) {
    throw invalid(`Request parameter [${name}] must be a list of texts that are not empty`);
  }
  if (sequences.length > STOP_SEQUENCES_MAX) {
    throw invalid(
      `Request parameter [stop_sequences] must hold at most ${STOP_SEQUENCES_MAX} texts`,
    );
  }
  if (sequences.some((text) => text.length > STOP_SEQUENCE_CHARACTERS_MAX)) {
    throw invalid(
      `Request parameter [stop_sequences] must hold texts of at most ${STOP_SEQUENCE_CHARACTERS_MAX} characters`,
    );
  }
  return sequences;
}

/** A list, its JSON, or numbers with commas or semicolons between them. */
function readStopTokenIds(body: Readonly<Record<string, unknown>>): number[] {
  const name = 'stop_token_ids';
  const given = body[name];
  if (isBlank(given)) return [];
  const listed: unknown =
    typeof given === 'string' ? given.replace(/^\s*\[|\]\s*$/gu, '').split(/[,;]/u) : given;
  const ids: unknown[] = Array.isArray(listed) ? listed : [listed];
  if (ids.length > STOP_TOKEN_IDS_MAX) {
    throw invalid(`Request parameter [${name}] must hold at most ${STOP_TOKEN_IDS_MAX} ids`);
  }
  return ids.map((entry) => {
    const id = typeof entry === 'string' && /^\s*\d+\s*$/u.test(entry) ? Number(entry) : entry;
    if (typeof id === 'number' && Number.isInteger(id) && id >= 0 && id <= TOKEN_ID_MAX) return id;
    throw invalid(`Request parameter [${name}] must be a list of token ids`);
  });
}

function readTopLogprobs(body: Readonly<Record<string, unknown>>): number | null {
  const top = readInteger(body, 'top_logprobs');
  if (readSwitch(body, 'logprobs')) return top;
  if (top > 0) throw invalid('Request parameter [top_logprobs] requires [logprobs]');
  return null;
}

function isBlank(value: unknown): boolean {
  return value === undefined || value === null || value === '';
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function invalid(message: string): RunfleetError {
  return new RunfleetError('invalid_request', message);
}

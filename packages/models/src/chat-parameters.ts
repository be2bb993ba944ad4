/** The one reading of a chat model's parameters, for the API's validation and the worker. */
import { MESSAGES } from '@runfleet/protocol';

import { type ChatMessage, readMessages } from './chat-messages.ts';
import { type OutputGrammar, readOutputGrammar } from './output-grammar.ts';
import {
  type Body,
  invalid,
  isBlank,
  readInteger,
  readNumber,
  readSwitch,
  readText,
} from './read-parameter.ts';
import { requireStorable } from './require-storable.ts';

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

/** Reads a Run's body. Throws `invalid_request` naming the first field that is wrong. */
export function parseChatParameters(body: Body, limits: ChatLimits): ChatRequest {
  requireStorable('', body);
  const messages = readMessages(body);

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

/** One text with semicolons between, or a list, whose texts may then hold semicolons. */
function readStopSequences(body: Body): string[] {
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
function readStopTokenIds(body: Body): number[] {
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

function readTopLogprobs(body: Body): number | null {
  const top = readInteger(body, 'top_logprobs');
  if (readSwitch(body, 'logprobs')) return top;
  if (top > 0) throw invalid('Request parameter [top_logprobs] requires [logprobs]');
  return null;
}

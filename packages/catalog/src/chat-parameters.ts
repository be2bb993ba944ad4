/** Reads the parameters of a chat model, for the API's validation and for the worker. */
import { callsGrammar, type OutputGrammar, type ToolRequest } from '@runfleet/grammar';
import { CALL_FORMATS, MESSAGES } from '@runfleet/protocol';

import type { ChatLimits } from './chat-limits.ts';
import { readMessages } from './chat-messages.ts';
import { CHAT_NUMBERS, CHAT_SIZES } from './chat-numbers.ts';
import { readInputFiles } from './input-files.ts';
import { readOutputGrammar, refuseBesideTools } from './output-grammar.ts';
import { type ConversationName, readConversation } from './read-conversation.ts';
import type { ChatMessage } from './read-message.ts';
import {
  type Body,
  invalid,
  isBlank,
  numberOf,
  onlyOne,
  readGivenNumber,
  readNames,
  readNumber,
  readSwitch,
} from './read-parameter.ts';
import { readTools } from './read-tools.ts';
import { requireKnownNames } from './require-known-names.ts';
import { requireStorable } from './require-storable.ts';

/**
 * A validated request, but for whether its grammar can be enforced. `seed` is null if the caller
 * chose none.
 */
export type ChatRequest = ToolRequest & {
  messages: ChatMessage[];
  /** The files whose texts belong before the prompt: URLs and ids, as they were sent. */
  inputFiles: readonly string[];
  /** Null without a session. */
  conversation: ConversationName | null;
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
  /** How many alternatives to list for each token; null lists no token. */
  topLogprobs: number | null;
  grammar: OutputGrammar | null;
  seed: bigint | null;
  timeoutSeconds: number;
};

/** The most texts in `stop`, OpenAI's name of `stop_sequences`. */
const STOPS_MAX = 4;

/**
 * Reads a Run's body. Throws `invalid_request` with the name of the first field that is invalid or
 * unknown.
 */
export function parseChatParameters(body: Body, limits: ChatLimits): ChatRequest {
  requireKnownNames(body);
  requireStorable('', body);
  const request = readChatParameters(body, limits);
  if (readNumber(body, 'min_tokens') > request.maxTokens) {
    throw invalid(MESSAGES.parameterOutOfRange('min_tokens', 0, request.maxTokens));
  }
  if ((readGivenNumber(body, 'timeout') ?? 0) > limits.maxTimeoutSeconds) {
    throw invalid(MESSAGES.parameterOutOfRange('timeout', 1, limits.maxTimeoutSeconds));
  }
  return request;
}

/**
 * Reads parameters that were accepted earlier, perhaps by another version or under wider limits: unknown
 * names are ignored, and values above a limit are reduced to it.
 */
export function readChatParameters(body: Body, limits: ChatLimits): ChatRequest {
  const messages = readMessages(body);
  const tools = readTools(body);
  const temperature = readNumber(body, 'temperature');
  const mostTokens = Math.min(limits.maxTokens, CHAT_NUMBERS.max_tokens.max);
  const maxTokens = Math.min(readNumber(body, 'max_tokens') || mostTokens, mostTokens);
  const seed = readGivenNumber(body, 'seed');
  const grammar = readOutputGrammar(body);
  if (grammar && mayCall(tools)) refuseBesideTools(grammar);

  return {
    ...tools,
    messages,
    inputFiles: readInputFiles(body, messages),
    conversation: readConversation(body),
    maxTokens,
    minTokens: Math.min(readNumber(body, 'min_tokens'), maxTokens),
    temperature,
    topP: readNumber(body, 'top_p'),
    topK: readNumber(body, 'top_k'),
    minP: readNumber(body, 'min_p'),
    repetitionPenalty: readNumber(body, 'repetition_penalty'),
    presencePenalty: readNumber(body, 'presence_penalty'),
    frequencyPenalty: readNumber(body, 'frequency_penalty'),
    greedy: temperature === 0 || !readSwitch(body, 'do_sample'),
    stopSequences: readStopSequences(body),
    stopTokenIds: readStopTokenIds(body),
    topLogprobs: readTopLogprobs(body),
    grammar,
    seed: seed === null ? null : BigInt(seed),
    timeoutSeconds: Math.min(readNumber(body, 'timeout'), limits.maxTimeoutSeconds),
  };
}

/**
 * What an answer is held to; null leaves it free. Whether calls can be held to their schemas does not
 * depend on how a family of models writes calls.
 */
export function grammarOf(request: Pick<ChatRequest, keyof ToolRequest | 'grammar'>) {
  return mayCall(request) ? callsGrammar(request, CALL_FORMATS.hermes) : request.grammar;
}

function mayCall({ tools, toolChoice }: ToolRequest): boolean {
  return tools.length > 0 && toolChoice !== 'none';
}

function readStopSequences(body: Body): string[] {
  return onlyOne(readNames(body, 'stop_sequences', stopsOf)) ?? [];
}

/**
 * A list, whose texts may contain semicolons; or one text, which `stop_sequences` splits at
 * semicolons.
 */
function stopsOf(given: unknown, as: string): string[] {
  const { stopSequences, stopSequenceCharacters } = CHAT_SIZES;
  const most = as === 'stop' ? STOPS_MAX : stopSequences;
  const isLong = typeof given === 'string' && given.length > most * (stopSequenceCharacters + 1);
  if (isLong || (Array.isArray(given) && given.length > most)) {
    throw invalid(
      `Request parameter [${as}] must have at most ${most} texts of ${stopSequenceCharacters} characters`,
    );
  }
  if (typeof given === 'string') {
    const texts = as === 'stop' ? [given] : given.split(';').filter((text) => text !== '');
    return requireStops(texts, as, most);
  }
  if (!Array.isArray(given) || !given.every(isText)) {
    throw invalid(`Request parameter [${as}] must be a list of non-empty strings`);
  }
  return requireStops(given, as, most);
}

function requireStops(texts: string[], as: string, most: number): string[] {
  const charactersMax = CHAT_SIZES.stopSequenceCharacters;
  if (texts.length > most) {
    throw invalid(`Request parameter [${as}] must have at most ${most} texts`);
  }
  if (texts.some((text) => text.length > charactersMax)) {
    throw invalid(
      `Request parameter [${as}] must have texts of at most ${charactersMax} characters`,
    );
  }
  return texts;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

/** A list, its JSON text, or numbers separated by commas or semicolons. */
function readStopTokenIds(body: Body): number[] {
  const name = 'stop_token_ids';
  const given = body[name];
  if (isBlank(given)) return [];
  const listed = typeof given === 'string' ? splitIds(given) : given;
  const ids: unknown[] = Array.isArray(listed) ? listed : [listed];
  if (ids.length > CHAT_SIZES.stopTokenIds) {
    throw invalid(`Request parameter [${name}] must have at most ${CHAT_SIZES.stopTokenIds} ids`);
  }
  return ids.map((entry) => {
    const id = numberOf(entry);
    if (Number.isInteger(id) && id >= 0 && id <= CHAT_SIZES.stopTokenId) return id;
    throw invalid(`Request parameter [${name}] must be a list of token ids`);
  });
}

/**
 * Splits off at most one more than the limit, which is enough to detect that there are too many.
 */
function splitIds(text: string): string[] {
  const bare = text.trim();
  const isBracketed = bare.startsWith('[') && bare.endsWith(']');
  const inner = isBracketed ? bare.slice(1, -1) : bare;
  return inner.trim() === '' ? [] : inner.split(/[,;]/u, CHAT_SIZES.stopTokenIds + 1);
}

function readTopLogprobs(body: Body): number | null {
  const top = readNumber(body, 'top_logprobs');
  if (readSwitch(body, 'logprobs')) return top;
  if (top > 0) throw invalid('Request parameter [top_logprobs] requires [logprobs]');
  return null;
}

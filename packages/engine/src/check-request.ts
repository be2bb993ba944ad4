import { CHAT_NUMBERS, CHAT_SIZES, type ChatNumber } from '@runfleet/catalog';

import { checkCalls, checkTools } from './check-tools.ts';
import { EngineError } from './engine-error.ts';
import type { ChatMessage, GenerateRequest } from './engine.ts';

const ROLES: readonly string[] = [
  'system',
  'user',
  'assistant',
  'tool',
] satisfies ChatMessage['role'][];
/** One more than a caller may send: the parameter `system_prompt` adds a message before theirs. */
const MESSAGES_MAX = CHAT_SIZES.messages + 1;

/** The fields whose rules are in the table of a chat request's numbers. */
const NUMBERS = {
  temperature: CHAT_NUMBERS.temperature,
  topP: CHAT_NUMBERS.top_p,
  topK: CHAT_NUMBERS.top_k,
  minP: CHAT_NUMBERS.min_p,
  repetitionPenalty: CHAT_NUMBERS.repetition_penalty,
  presencePenalty: CHAT_NUMBERS.presence_penalty,
  frequencyPenalty: CHAT_NUMBERS.frequency_penalty,
  maxTokens: { ...CHAT_NUMBERS.max_tokens, min: 1 },
  minTokens: CHAT_NUMBERS.min_tokens,
} as const satisfies Partial<Record<keyof GenerateRequest, ChatNumber>>;

/**
 * Throws `EngineError('input')`, which names the first field that no engine could run. A grammar is
 * read by the thread that follows it, and refused there.
 */
export function checkRequest(request: GenerateRequest): void {
  checkMessages(request.messages);
  for (const [field, rule] of Object.entries(NUMBERS)) {
    checkNumber(field, request[field as keyof typeof NUMBERS], rule);
  }
  if (request.minTokens > request.maxTokens) {
    throw refuse(
      `minTokens (${request.minTokens}) must not exceed maxTokens (${request.maxTokens})`,
    );
  }
  if (request.topLogprobs !== null) {
    checkNumber('topLogprobs', request.topLogprobs, CHAT_NUMBERS.top_logprobs);
  }
  if (typeof request.seed !== 'bigint') throw refuse('seed must be a bigint');

  checkStopSequences(request.stopSequences);
  checkStopTokenIds(request.stopTokenIds);
  checkTools(request);
}

function checkMessages(messages: readonly ChatMessage[]): void {
  if (messages.length === 0) throw refuse('messages must hold at least one message');
  if (messages.length > MESSAGES_MAX) {
    throw refuse(`messages holds ${messages.length} messages; ${MESSAGES_MAX}is the maximum`);
  }
  for (const [index, { role, content }] of messages.entries()) {
    if (!ROLES.includes(role)) {
      throw refuse(`messages[${index}].role must be one of ${ROLES.join(', ')}`);
    }
    if (typeof content !== 'string') throw refuse(`messages[${index}].content must be text`);
  }
  if (messages.every(({ content }) => content === '')) {
    throw refuse('messages[0].content must not be empty');
  }
  checkCalls(messages);
}

/** Values that a caller may write for "not used" have already been replaced. */
function checkNumber(
  field: string,
  value: number,
  rule: Pick<ChatNumber, 'min' | 'max' | 'step' | 'off'>,
): void {
  const { min, max, step, off } = rule;
  const isWhole = Number.isInteger(step);
  const isKind = isWhole ? Number.isSafeInteger(value) : Number.isFinite(value);
  if (!isKind || value < min || value > max) {
    const kind = isWhole ? 'a whole number' : 'a number';
    throw refuse(`${field} must be ${kind} between ${min} and ${max}`);
  }
  if (off?.means !== undefined && off.means !== value && off.given.includes(value)) {
    throw refuse(`${field} must not be ${value} (${off.means} is off)`);
  }
}

function checkStopSequences(sequences: readonly string[]): void {
  const { stopSequences, stopSequenceCharacters } = CHAT_SIZES;
  if (sequences.length > stopSequences) {
    throw refuse(`stopSequences holds ${sequences.length}; ${stopSequences}is the maximum`);
  }
  for (const [index, sequence] of sequences.entries()) {
    if (sequence.length === 0) throw refuse(`stopSequences[${index}] must not be empty`);
    if (sequence.length > stopSequenceCharacters) {
      throw refuse(`stopSequences[${index}] is longer than ${stopSequenceCharacters} characters`);
    }
  }
}

function checkStopTokenIds(ids: readonly number[]): void {
  const { stopTokenIds, stopTokenId } = CHAT_SIZES;
  if (ids.length > stopTokenIds) {
    throw refuse(`stopTokenIds holds ${ids.length}; ${stopTokenIds}is the maximum`);
  }
  for (const [index, id] of ids.entries()) {
    checkNumber(`stopTokenIds[${index}]`, id, { min: 0, max: stopTokenId, step: 1 });
  }
}

function refuse(message: string): EngineError {
  return new EngineError('input', `${message}.`);
}

import { EngineError } from './engine-error.ts';
import type { ChatMessage, GenerateRequest } from './engine.ts';
import { openAutomaton } from './grammar/open-automaton.ts';

const MESSAGES_MAX = 1024;
const STOP_SEQUENCES_MAX = 32;
const STOP_SEQUENCE_CHARS_MAX = 256;
const STOP_TOKEN_IDS_MAX = 256;
const TOP_LOGPROBS_MAX = 20;
const PENALTY_MAX = 100;
const ROLES: readonly string[] = ['system', 'user', 'assistant'] satisfies ChatMessage['role'][];

/** Throws `EngineError('input')` naming the first field that no engine could run with. */
export function checkRequest(request: GenerateRequest): void {
  checkMessages(request.messages);

  checkNumber('maxTokens', request.maxTokens, { min: 1, isInteger: true });
  checkNumber('minTokens', request.minTokens, { min: 0, isInteger: true });
  if (request.minTokens > request.maxTokens) {
    throw refuse(
      `minTokens (${request.minTokens}) must not exceed maxTokens (${request.maxTokens})`,
    );
  }
  checkNumber('temperature', request.temperature, { min: 0 });
  checkNumber('topP', request.topP, { min: 0, max: 1 });
  if (request.topP === 0) throw refuse('topP must be above 0 (1 is off)');
  checkNumber('topK', request.topK, { min: 0, isInteger: true });
  checkNumber('repetitionPenalty', request.repetitionPenalty, { min: 0 });
  if (request.repetitionPenalty === 0) throw refuse('repetitionPenalty must be above 0 (1 is off)');
  checkNumber('minP', request.minP, { min: 0, max: 1 });
  const penalty = { min: -PENALTY_MAX, max: PENALTY_MAX };
  checkNumber('presencePenalty', request.presencePenalty, penalty);
  checkNumber('frequencyPenalty', request.frequencyPenalty, penalty);
  if (request.topLogprobs !== null) {
    const top = { min: 0, max: TOP_LOGPROBS_MAX, isInteger: true };
    checkNumber('topLogprobs', request.topLogprobs, top);
  }
  if (typeof request.seed !== 'bigint') throw refuse('seed must be a bigint');

  checkStopSequences(request.stopSequences);
  checkStopTokenIds(request.stopTokenIds);
  if (request.grammar) openAutomaton(request.grammar);
}

function checkMessages(messages: readonly ChatMessage[]): void {
  if (messages.length === 0) throw refuse('messages must hold at least one message');
  if (messages.length > MESSAGES_MAX) {
    throw refuse(`messages holds ${messages.length} messages; ${MESSAGES_MAX} is the most`);
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
}

function checkNumber(
  field: string,
  value: number,
  bounds: { min: number; max?: number; isInteger?: boolean },
): void {
  const { min, max = Number.MAX_SAFE_INTEGER, isInteger = false } = bounds;
  const isKind = isInteger ? Number.isSafeInteger(value) : Number.isFinite(value);
  if (isKind && value >= min && value <= max) return;

  const kind = isInteger ? 'a whole number' : 'a number';
  const range = bounds.max === undefined ? `of ${min} or more` : `between ${min} and ${max}`;
  throw refuse(`${field} must be ${kind} ${range}`);
}

function checkStopSequences(sequences: readonly string[]): void {
  if (sequences.length > STOP_SEQUENCES_MAX) {
    throw refuse(`stopSequences holds ${sequences.length}; ${STOP_SEQUENCES_MAX} is the most`);
  }
  for (const [index, sequence] of sequences.entries()) {
    if (sequence.length === 0) throw refuse(`stopSequences[${index}] must not be empty`);
    if (sequence.length > STOP_SEQUENCE_CHARS_MAX) {
      throw refuse(`stopSequences[${index}] is longer than ${STOP_SEQUENCE_CHARS_MAX} characters`);
    }
  }
}

function checkStopTokenIds(ids: readonly number[]): void {
  if (ids.length > STOP_TOKEN_IDS_MAX) {
    throw refuse(`stopTokenIds holds ${ids.length}; ${STOP_TOKEN_IDS_MAX} is the most`);
  }
  for (const [index, id] of ids.entries()) {
    checkNumber(`stopTokenIds[${index}]`, id, { min: 0, isInteger: true });
  }
}

function refuse(message: string): EngineError {
  return new EngineError('input', `${message}.`);
}

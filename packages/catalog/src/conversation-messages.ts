/** The messages that a model reads: those of earlier turns, and a turn's own. */
import { answerContent } from '@runfleet/protocol';

import { type ChatMessage, readMessages } from './chat-messages.ts';
import { type Body, isBlank } from './read-parameter.ts';

/** A turn that ended: what it was sent and what it answered. */
export type Turn = { parameters: Body; answer: string };

/**
 * The system prompt of a conversation is the newest one that a turn gave: `system_prompt`, or the
 * system messages at the head of `messages`. It stands first. `system` is the turn that gave it, where
 * it is not the current one.
 */
export function conversationMessages(
  history: { system: Turn | null; turns: readonly Turn[] },
  own: readonly ChatMessage[],
): ChatMessage[] {
  const current = splitSystem(own);
  const system =
    current.system.length > 0 || history.system === null
      ? current.system
      : splitSystem(readMessages(history.system.parameters)).system;
  return [...system, ...history.turns.flatMap(turnMessages), ...current.rest];
}

/** Whether a turn with these messages sets the system prompt of its conversation. */
export function givesSystemPrompt(own: readonly ChatMessage[]): boolean {
  return own[0]?.role === 'system';
}

/** Whether a turn answers the calls of the one before it. */
export function hasToolOutputs({ toolOutputs }: Body): boolean {
  return !isBlank(toolOutputs) && !(Array.isArray(toolOutputs) && toolOutputs.length === 0);
}

function turnMessages({ parameters, answer }: Turn): ChatMessage[] {
  const { rest } = splitSystem(readMessages(parameters));
  // Without its thinking, as models are trained to read their own answers.
  const content = answerContent(answer, null, null).answer.join('\n');
  return [...rest, { role: 'assistant', content }];
}

function splitSystem(messages: readonly ChatMessage[]) {
  const first = messages.findIndex(({ role }) => role !== 'system');
  const count = first < 0 ? messages.length : first;
  return { system: messages.slice(0, count), rest: messages.slice(count) };
}

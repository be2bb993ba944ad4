/** The messages that a model reads: those of earlier turns, and a turn's own. */
import type { ToolRequest } from '@runfleet/grammar';
import { type CallFormatName, isCall, segmentsOf } from '@runfleet/protocol';

import { readMessages } from './chat-messages.ts';
import { type FileText, withFileTexts } from './file-texts.ts';
import { nameOutputs } from './name-outputs.ts';
import type { ChatMessage } from './read-message.ts';
import type { Body } from './read-parameter.ts';
import { hasToolOutputs } from './read-tool-outputs.ts';
import { readTools } from './read-tools.ts';

/** A turn that ended: what it was sent and what it answered. */
export type Turn = {
  /** Its task. */
  id: string;
  parameters: Body;
  fileTexts: readonly FileText[] | null;
  answer: string;
  /** How the answer writes calls; null for a run without tools. */
  calls: CallFormatName | null;
};

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
  return nameOutputs([...system, ...history.turns.flatMap(turnMessages), ...current.rest]);
}

/** Whether a turn with these messages sets the system prompt of its conversation. */
export function givesSystemPrompt(own: readonly ChatMessage[]): boolean {
  return own[0]?.role === 'system';
}

/**
 * The tools of a turn that answers calls: those of the turn that began the exchange. A call that was
 * required has been made, so the model may answer with text.
 */
export function continuedTools(turns: readonly Turn[]): ToolRequest {
  const first = turns.findLast(({ parameters }) => !hasToolOutputs(parameters));
  const request = readTools(first?.parameters ?? {});
  return { ...request, toolChoice: 'auto' };
}

function turnMessages(turn: Turn): ChatMessage[] {
  const { rest } = splitSystem(readMessages(turn.parameters));
  return [...withFileTexts(rest, turn.fileTexts), answerMessage(turn)];
}

/** Without its thinking, as models are trained to read their own answers, and without calls that were cut. */
function answerMessage({ id, answer, calls }: Turn): ChatMessage {
  const segments = segmentsOf(answer, 'stop', calls && { format: calls, taskId: id });
  const texts = segments.flatMap((segment) => (segment.type === 'answer' ? segment.text : []));
  const toolCalls = segments.filter(isCall).flatMap((call) => {
    const { call_id: callId, name, arguments: given, status } = call;
    return status === 'completed' ? [{ id: callId, name, arguments: given }] : [];
  });
  const message = { role: 'assistant' as const, content: texts.join('\n') };
  return toolCalls.length === 0 ? message : { ...message, toolCalls };
}

function splitSystem(messages: readonly ChatMessage[]) {
  const first = messages.findIndex(({ role }) => role !== 'system');
  const count = first < 0 ? messages.length : first;
  return { system: messages.slice(0, count), rest: messages.slice(count) };
}

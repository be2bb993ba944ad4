import type { CallFormatName } from '@runfleet/protocol';

import type { ChatMessage } from '../../engine.ts';
import { callsOf } from './calls-of.ts';
import type { ToolDialect } from './tool-dialect.ts';

/**
 * The template writes tools, calls and outputs itself. Some published templates write one call per
 * message at most; `isSplit` gives them each call with its output.
 */
export function templateDialect(callFormat: CallFormatName, isSplit: boolean): ToolDialect {
  return {
    callFormat,
    write: (messages, tools) => ({
      messages: isSplit ? splitCalls(messages) : messages,
      tools: tools.length > 0 ? tools : null,
    }),
  };
}

function splitCalls(messages: readonly ChatMessage[]): ChatMessage[] {
  const split: ChatMessage[] = [];
  for (let at = 0; at < messages.length; at += 1) {
    const message = messages[at];
    if (!message) break;
    const calls = callsOf(message);
    if (message.role !== 'assistant' || calls.length < 2) {
      split.push(message);
      continue;
    }
    const outputs: ChatMessage[] = [];
    while (messages[at + 1]?.role === 'tool') {
      at += 1;
      outputs.push(messages[at] ?? message);
    }
    const isOf = (id: string) => (output: ChatMessage) =>
      output.role === 'tool' && output.callId === id;
    for (const [index, call] of calls.entries()) {
      split.push(
        { ...message, content: index === 0 ? message.content : '', toolCalls: [call] },
        ...outputs.filter(isOf(call.id)),
      );
    }
    split.push(...outputs.filter((output) => !calls.some(({ id }) => isOf(id)(output))));
  }
  return split;
}

import type { ToolCall } from '@runfleet/protocol';

import type { ChatMessage } from '../../engine.ts';

/** The calls that a message makes. */
export function callsOf(message: ChatMessage): readonly ToolCall[] {
  return message.role === 'assistant' ? (message.toolCalls ?? []) : [];
}

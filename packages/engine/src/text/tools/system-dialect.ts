import { writeValue } from '@runfleet/grammar';
import { CALL_FORMATS, type CallFormatName, type ToolDefinition } from '@runfleet/protocol';

import type { ChatMessage } from '../../engine.ts';
import type { TemplateMessage } from '../chat-template/template-message.ts';
import { callPieces } from './call-pieces.ts';
import { callsOf } from './calls-of.ts';
import type { ToolDialect } from './tool-dialect.ts';

/** A template that reads tools from its system message, and no calls. */
export type SystemTools = {
  callFormat: CallFormatName;
  /** The system message of a conversation without one. */
  system: string;
  /** The role of a call's output. */
  outputRole: string;
};

/** The definitions are text of the system message, and calls the text of their message. */
export function systemDialect({ callFormat, system, outputRole }: SystemTools): ToolDialect {
  const writeMessage = (message: ChatMessage): TemplateMessage => {
    if (message.role === 'tool') return { role: outputRole, content: message.content };
    const calls = callsOf(message);
    if (calls.length === 0) return message;
    const content = callPieces(message.content, calls, CALL_FORMATS[callFormat]);
    return { role: message.role, content };
  };
  return {
    callFormat,
    write(messages, tools) {
      const [first, ...others] = messages;
      const hasSystem = first?.role === 'system';
      const written = (hasSystem ? others : messages).map(writeMessage);
      if (tools.length === 0)
        return { messages: first && hasSystem ? [first, ...written] : written, tools: null };
      const content = hasSystem ? first.content : system;
      return {
        messages: [{ role: 'system', content, tools: definitionsText(tools) }, ...written],
        tools: null,
      };
    },
  };
}

function definitionsText(tools: readonly ToolDefinition[]): string {
  return writeValue(
    tools.map(({ name, description, parameters }) => ({ name, description, parameters })),
  );
}

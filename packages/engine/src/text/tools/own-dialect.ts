import { writeValue } from '@runfleet/grammar';
import { CALL_FORMATS, type ToolDefinition, writeCalls } from '@runfleet/protocol';

import type { ChatMessage } from '../../engine.ts';
import type { Piece, TemplateMessage } from '../chat-template/template-message.ts';
import { callPieces } from './call-pieces.ts';
import { callsOf } from './calls-of.ts';
import type { ToolDialect } from './tool-dialect.ts';

const FORMAT = CALL_FORMATS.hermes;

/**
 * For a template without tools: a short system text lists them, calls are text of the assistant, and
 * outputs are text of the user. No role is used that such a template could leave out.
 */
export const OWN_DIALECT: ToolDialect = {
  callFormat: 'hermes',
  write: (messages, tools) => ({
    messages: withSystem(withOutputs(messages), tools),
    tools: null,
  }),
};

function withSystem(
  messages: readonly TemplateMessage[],
  tools: readonly ToolDefinition[],
): readonly TemplateMessage[] {
  if (tools.length === 0) return messages;
  const [first, ...others] = messages;
  const isFirst = first?.role === 'system' && first.content !== '';
  const given = isFirst ? [first.content, '\n\n'].flat() : [];
  const content: Piece[] = [...given, ...listed(tools)];
  return [{ role: 'system', content }, ...(first?.role === 'system' ? others : messages)];
}

function listed(tools: readonly ToolDefinition[]): Piece[] {
  return [
    { own: 'You can call these tools:\n' },
    ...tools.flatMap(({ name, description, parameters }): Piece[] => [
      writeValue({ name, ...(description !== '' && { description }), parameters }),
      { own: '\n' },
    ]),
    { own: 'To call a tool, answer with its name and arguments:\n' },
    { own: writeCalls([{ name: 'NAME', arguments: '{...}' }], FORMAT) },
  ];
}

function withOutputs(messages: readonly ChatMessage[]): TemplateMessage[] {
  const written: TemplateMessage[] = [];
  let outputs: Piece[] = [];
  const endOutputs = () => {
    if (outputs.length > 0) written.push({ role: 'user', content: outputs });
    outputs = [];
  };
  for (const message of messages) {
    if (message.role === 'tool') {
      if (outputs.length > 0) outputs.push({ own: '\n' });
      outputs.push({ own: OUTPUT_START }, message.content, { own: OUTPUT_END });
      continue;
    }
    endOutputs();
    const calls = callsOf(message);
    const content =
      calls.length === 0 ? message.content : callPieces(message.content, calls, FORMAT);
    written.push({ role: message.role, content });
  }
  endOutputs();
  return written;
}

const OUTPUT_START = '<tool_response>\n';
const OUTPUT_END = '\n</tool_response>';

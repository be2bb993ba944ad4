import type { ToolCall, ToolDefinition } from '@runfleet/protocol';

import type { TemplateMessage } from './template-message.ts';

/** Writes a text of the tenant into the variables of a template. */
export type WriteText = (text: string) => string;

/** The variables of a conversation, in the form in which published templates read them. */
export function templateVariables(
  messages: readonly TemplateMessage[],
  tools: readonly ToolDefinition[] | null,
  write: WriteText,
): { messages: unknown; tools: unknown } {
  return {
    messages: messages.map((message) => messageVariable(message, write)),
    tools: tools?.map((tool) => toolVariable(tool, write)) ?? null,
  };
}

function messageVariable(message: TemplateMessage, write: WriteText) {
  const { role, content, toolCalls = [], callId, name, tools } = message;
  const pieces = typeof content === 'string' ? [content] : content;
  return {
    role,
    content: pieces.map((piece) => (typeof piece === 'string' ? write(piece) : piece.own)).join(''),
    // Templates test whether these are there.
    ...(toolCalls.length > 0 && { tool_calls: toolCalls.map((call) => callVariable(call, write)) }),
    ...(callId !== undefined && { tool_call_id: write(callId) }),
    ...(name !== undefined && { name: write(name) }),
    ...(tools !== undefined && { tools: write(tools) }),
  };
}

function callVariable(call: ToolCall, write: WriteText) {
  const given: unknown = JSON.parse(call.arguments);
  return {
    type: 'function',
    id: write(call.id),
    function: { name: write(call.name), arguments: valueVariable(given, write) },
  };
}

function toolVariable({ name, description, parameters }: ToolDefinition, write: WriteText) {
  return {
    type: 'function',
    function: {
      name: write(name),
      ...(description !== '' && { description: write(description) }),
      parameters: valueVariable(parameters, write),
    },
  };
}

/**
 * JSON of the tenant: its names and texts are written, except for the words of schemas that
 * templates compare.
 */
function valueVariable(value: unknown, write: WriteText): unknown {
  if (typeof value === 'string') return SCHEMA_WORDS.has(value) ? value : write(value);
  // A template reads a large whole number as a double.
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return value.map((inner) => valueVariable(inner, write));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      SCHEMA_WORDS.has(name) ? name : write(name),
      valueVariable(inner, write),
    ]),
  );
}

const SCHEMA_WORDS: ReadonlySet<string> = new Set(
  'type properties required items enum const default description anyOf oneOf allOf additionalProperties nullable format object array string integer number boolean null'.split(
    ' ',
  ),
);

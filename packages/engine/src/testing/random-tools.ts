import type { ToolDefinition } from '@runfleet/protocol';

import type { ChatMessage } from '../engine.ts';

export type ToolConversation = { messages: ChatMessage[]; tools: ToolDefinition[] };

/**
 * A conversation with tools, calls and outputs, whose form depends on `upTo` alone and whose texts
 * are those of `text`.
 */
export function randomToolConversation(
  upTo: (most: number) => number,
  text: () => string,
): ToolConversation {
  const object = (depth: number): Record<string, unknown> =>
    Object.fromEntries(
      // The number keeps names apart.
      Array.from({ length: 1 + upTo(2) }, (_, at) => [`${text()}${at}`, value(depth)]),
    );
  const value = (depth: number): unknown => {
    const kinds = [text(), upTo(9), true, null, [text(), 1.5]];
    return depth > 0 && upTo(3) === 0 ? object(depth - 1) : kinds[upTo(4)];
  };
  const tools = Array.from({ length: 1 + upTo(2) }, () => ({
    name: text(),
    description: text(),
    parameters: { type: 'object', properties: object(2), title: text() },
  }));
  const messages: ChatMessage[] = [
    ...(upTo(1) === 0 ? [{ role: 'system' as const, content: text() }] : []),
    { role: 'user', content: text() },
  ];
  for (let turn = upTo(2); turn > 0; turn -= 1) {
    const toolCalls = Array.from({ length: 1 + upTo(1) }, (_, at) => ({
      id: `call_${turn}_${at}`,
      name: text(),
      arguments: JSON.stringify(object(2)),
    }));
    messages.push(
      { role: 'assistant', content: upTo(1) === 0 ? '' : text(), toolCalls },
      ...toolCalls.map(({ id, name }) => ({
        role: 'tool' as const,
        content: text(),
        callId: id,
        name,
      })),
      { role: 'user', content: text() },
    );
  }
  return { messages, tools };
}

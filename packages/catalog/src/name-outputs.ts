import type { ChatMessage } from './read-message.ts';

/** Gives each output of a tool the name of the tool, which the call before it has. */
export function nameOutputs(messages: readonly ChatMessage[]): ChatMessage[] {
  let names = new Map<string, string>();
  return messages.map((message) => {
    if (message.role === 'tool') return { ...message, name: names.get(message.callId) ?? '' };
    const calls = message.role === 'assistant' ? (message.toolCalls ?? []) : [];
    names = new Map(calls.map(({ id, name }) => [id, name]));
    return message;
  });
}

/** The conversation of a run: one prompt, a list of messages, or the outputs of called tools. */
import { MESSAGES } from '@runfleet/protocol';

import { CHAT_SIZES } from './chat-numbers.ts';
import { nameOutputs } from './name-outputs.ts';
import { readJsonText } from './read-json-text.ts';
import { isEmptyList } from './read-members.ts';
import { type ChatMessage, readMessage } from './read-message.ts';
import { type Body, invalid, isBlank, readText } from './read-parameter.ts';
import { hasToolOutputs, readToolOutputs } from './read-tool-outputs.ts';

/**
 * Throws `invalid_request` with the name of the invalid message. Published clients send empty
 * `messages` for none.
 */
export function readMessages(body: Body): ChatMessage[] {
  if (hasToolOutputs(body)) {
    const outputs = readToolOutputs(body).map(({ callId, output }): ChatMessage => {
      return { role: 'tool', content: output, callId, name: '' };
    });
    return afterSystem(body, outputs);
  }
  const given = body['messages'];
  const isNone = isBlank(given) || isEmptyList(given) || given === '[]';
  return isNone ? promptMessages(body) : listedMessages(body);
}

function promptMessages(body: Body): ChatMessage[] {
  const prompt = readText(body, 'prompt');
  if (prompt.trim() === '') throw invalid(MESSAGES.parameterRequired('prompt'));
  return afterSystem(body, [{ role: 'user', content: prompt }]);
}

function listedMessages(body: Body): ChatMessage[] {
  const given = readJsonText('messages', body['messages']);
  const most = CHAT_SIZES.messages;
  if (!Array.isArray(given) || given.length === 0 || given.length > most) {
    throw invalid(
      `Request parameter [messages] must be a list of 1 to ${most} objects with role and content`,
    );
  }
  const messages = given.map(readMessage);
  const last = messages.at(-1)?.role;
  if (last !== 'user' && last !== 'tool') {
    throw invalid('Request parameter [messages] must end with a message of role user or tool');
  }
  requireAnswered(messages);
  if (messages.every(({ content }) => content.trim() === '')) {
    throw invalid('Request parameter [messages] must hold a text');
  }
  if (!isBlank(body['prompt'])) {
    throw invalid('Request parameter [prompt] cannot be combined with [messages]');
  }
  return afterSystem(body, nameOutputs(messages));
}

/** Each call has one output, in the messages of role `tool` behind it, and each output has its call. */
function requireAnswered(messages: readonly ChatMessage[]): void {
  let open = new Set<string>();
  for (const [index, message] of messages.entries()) {
    if (message.role === 'tool') {
      if (open.delete(message.callId)) continue;
      throw invalid(
        `Request parameter [messages[${index}].tool_call_id] must be the id of a call of the assistant's message before it that has no output yet`,
      );
    }
    requireNone(open, `messages[${index}]`);
    const calls = message.role === 'assistant' ? (message.toolCalls ?? []) : [];
    open = new Set(calls.map(({ id }) => id));
  }
  requireNone(open, 'messages');
}

function requireNone(open: ReadonlySet<string>, name: string): void {
  const [id] = open;
  if (id === undefined) return;
  throw invalid(
    `Request parameter [${name}] must come after a message of role tool for the call ${id}`,
  );
}

function afterSystem(body: Body, messages: ChatMessage[]): ChatMessage[] {
  const system = readText(body, 'system_prompt');
  return system === '' ? messages : [{ role: 'system', content: system }, ...messages];
}

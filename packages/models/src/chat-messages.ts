/** The conversation of a run: one prompt, or a list of messages. */
import { MESSAGES } from '@runfleet/protocol';

import { type Body, invalid, isBlank, readText } from './read-parameter.ts';

export type ChatMessage = { role: 'system' | 'user' | 'assistant'; content: string };

const MESSAGES_MAX = 256;
const ROLES: readonly string[] = ['system', 'user', 'assistant'];

/** Throws `invalid_request` naming the message that is wrong. */
export function readMessages(body: Body): ChatMessage[] {
  refuseConversation(body);
  return body['messages'] === undefined ? promptMessages(body) : listedMessages(body);
}

/** Server-side conversations are not served; ignoring the field would answer without its memory. */
function refuseConversation(body: Body): void {
  if (!isBlank(body['session_id'])) {
    throw invalid(
      'Request parameter [session_id] is not supported. Send the conversation in [messages] instead.',
    );
  }
}

function promptMessages(body: Body): ChatMessage[] {
  const prompt = readText(body, 'prompt');
  if (prompt.trim() === '') throw invalid(MESSAGES.parameterRequired('prompt'));
  const system = readText(body, 'system_prompt');
  const user: ChatMessage = { role: 'user', content: prompt };
  return system === '' ? [user] : [{ role: 'system', content: system }, user];
}

function listedMessages(body: Body): ChatMessage[] {
  const given =
    typeof body['messages'] === 'string' ? parseJson(body['messages']) : body['messages'];
  if (!Array.isArray(given) || given.length === 0 || given.length > MESSAGES_MAX) {
    throw invalid(
      `Request parameter [messages] must be a list of 1 to ${MESSAGES_MAX} objects with role and content`,
    );
  }
  const messages = given.map((entry: unknown, index): ChatMessage => {
    const { role, content } = (entry ?? {}) as { role?: unknown; content?: unknown };
    if (typeof role !== 'string' || !ROLES.includes(role)) {
      throw invalid(
        `Request parameter [messages[${index}].role] must be one of ${ROLES.join(', ')}`,
      );
    }
    if (typeof content !== 'string') {
      throw invalid(`Request parameter [messages[${index}].content] must be a text`);
    }
    return { role: role as ChatMessage['role'], content };
  });
  if (messages.at(-1)?.role !== 'user') {
    throw invalid('Request parameter [messages] must end with a message of role user');
  }
  const prompt = body['prompt'];
  if (!isBlank(prompt)) {
    throw invalid('Request parameter [prompt] cannot be combined with [messages]');
  }
  const system = readText(body, 'system_prompt');
  return system === '' ? messages : [{ role: 'system', content: system }, ...messages];
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

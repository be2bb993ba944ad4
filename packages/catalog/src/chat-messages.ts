/** The conversation of a run: one prompt, or a list of messages. */
import { MESSAGES } from '@runfleet/protocol';

import { CHAT_SIZES } from './chat-numbers.ts';
import { readJsonText } from './read-json-text.ts';
import { type Body, invalid, isBlank, readText, shownName } from './read-parameter.ts';

export type ChatMessage = { role: 'system' | 'user' | 'assistant'; content: string };

/** Newer clients name the system role `developer`. */
const ROLES = {
  system: 'system',
  developer: 'system',
  user: 'user',
  assistant: 'assistant',
} as const satisfies Record<string, ChatMessage['role']>;
const NAME_CHARACTERS_MAX = 64;
/** Members that SDKs add to the messages that they send back. They are not read. */
const EMPTY_MEMBERS: readonly string[] = [
  'annotations',
  'audio',
  'function_call',
  'refusal',
  'tool_call_id',
  'tool_calls',
];

/**
 * Throws `invalid_request` with the name of the invalid message. Published clients send empty
 * `messages` for none.
 */
export function readMessages(body: Body): ChatMessage[] {
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
  if (messages.at(-1)?.role !== 'user') {
    throw invalid('Request parameter [messages] must end with a message of role user');
  }
  if (messages.every(({ content }) => content.trim() === '')) {
    throw invalid('Request parameter [messages] must hold a text');
  }
  if (!isBlank(body['prompt'])) {
    throw invalid('Request parameter [prompt] cannot be combined with [messages]');
  }
  return afterSystem(body, messages);
}

function readMessage(entry: unknown, index: number): ChatMessage {
  const name = `messages[${index}]`;
  const { role, content, name: speaker, ...others } = isObject(entry) ? entry : {};
  if (typeof role !== 'string' || !Object.hasOwn(ROLES, role)) {
    throw invalid(
      `Request parameter [${name}.role] must be one of ${Object.keys(ROLES).join(', ')}`,
    );
  }
  if (!isBlank(speaker) && !isShort(speaker, NAME_CHARACTERS_MAX)) {
    throw invalid(
      `Request parameter [${name}.name] must be a string of at most ${NAME_CHARACTERS_MAX} characters`,
    );
  }
  requireEmpty(name, others, EMPTY_MEMBERS);
  return { role: ROLES[role as keyof typeof ROLES], content: readContent(content, name) };
}

/** A string, or text parts, which are joined by line feeds as other servers of such models do. */
function readContent(content: unknown, message: string): string {
  const name = `${message}.content`;
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) {
    throw invalid(`Request parameter [${name}] must be a string or a list of text parts`);
  }
  return content.map((part, index) => readPart(part, `${name}[${index}]`)).join('\n');
}

function readPart(part: unknown, name: string): string {
  const { type, text, ...others } = isObject(part) ? part : {};
  if (type !== 'text') {
    const kind = isShort(type, NAME_CHARACTERS_MAX) ? `, not ${type}` : '';
    throw invalid(
      `Request parameter [${name}.type] must be text${kind}: this model reads only text`,
    );
  }
  if (typeof text !== 'string') throw invalid(`Request parameter [${name}.text] must be a string`);
  requireEmpty(name, others, []);
  return text;
}

/** Throws for a member that is not read, unless it is known and empty. */
function requireEmpty(
  path: string,
  members: Readonly<Record<string, unknown>>,
  known: readonly string[],
): void {
  for (const [key, value] of Object.entries(members)) {
    if (known.includes(key) && (isBlank(value) || isEmptyList(value))) continue;
    throw invalid(`Request parameter [${path}.${shownName(key)}] is not supported`);
  }
}

function afterSystem(body: Body, messages: ChatMessage[]): ChatMessage[] {
  const system = readText(body, 'system_prompt');
  return system === '' ? messages : [{ role: 'system', content: system }, ...messages];
}

function isShort(value: unknown, charactersMax: number): value is string {
  return typeof value === 'string' && value.length <= charactersMax;
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Reads one message of a conversation. */
import { CALLS_MAX, type ToolCall } from '@runfleet/protocol';

import { readObjectText } from './read-json-text.ts';
import { isEmptyList, isObject, isShort, requireEmpty } from './read-members.ts';
import { invalid, isBlank } from './read-parameter.ts';
import { readToolName } from './read-tool-name.ts';

/** A message of role `tool` is the output of a call of the assistant's message before it. */
export type ChatMessage =
  | { role: 'system' | 'user'; content: string }
  | { role: 'assistant'; content: string; toolCalls?: readonly ToolCall[] }
  | { role: 'tool'; content: string; callId: string; name: string };

/** Newer clients name the system role `developer`. */
const ROLES = {
  system: 'system',
  developer: 'system',
  user: 'user',
  assistant: 'assistant',
  tool: 'tool',
} as const satisfies Record<string, ChatMessage['role']>;
const NAME_CHARACTERS_MAX = 64;
const CALL_ID_CHARACTERS_MAX = 128;
/** Members that SDKs add to the messages that they send back. They are not read. */
const EMPTY_MEMBERS: readonly string[] = ['annotations', 'audio', 'function_call', 'refusal'];

/** Throws `invalid_request` with the name of the invalid member. The name of a tool is not known yet. */
export function readMessage(entry: unknown, index: number): ChatMessage {
  const path = `messages[${index}]`;
  const { role, content, name, tool_calls, tool_call_id, ...others } = isObject(entry) ? entry : {};
  if (typeof role !== 'string' || !Object.hasOwn(ROLES, role)) {
    throw invalid(
      `Request parameter [${path}.role] must be one of ${Object.keys(ROLES).join(', ')}`,
    );
  }
  if (!isBlank(name) && !isShort(name, NAME_CHARACTERS_MAX)) {
    throw invalid(
      `Request parameter [${path}.name] must be a string of at most ${NAME_CHARACTERS_MAX} characters`,
    );
  }
  requireEmpty(path, others, EMPTY_MEMBERS);
  const as = ROLES[role as keyof typeof ROLES];
  if (as !== 'assistant') requireEmpty(path, { tool_calls }, ['tool_calls']);
  if (as !== 'tool') requireEmpty(path, { tool_call_id }, ['tool_call_id']);
  if (as === 'tool') {
    const callId = readCallId(tool_call_id, `${path}.tool_call_id`);
    return { role: as, content: readContent(content, path), callId, name: '' };
  }
  if (as !== 'assistant' || isBlank(tool_calls) || isEmptyList(tool_calls)) {
    return { role: as, content: readContent(content, path) };
  }
  const toolCalls = readCalls(tool_calls, `${path}.tool_calls`);
  // An assistant that only calls tools has no text.
  const text = isBlank(content) ? '' : readContent(content, path);
  return { role: as, content: text, toolCalls };
}

export function readCallId(given: unknown, name: string): string {
  if (!isBlank(given) && isShort(given, CALL_ID_CHARACTERS_MAX)) return given;
  throw invalid(
    `Request parameter [${name}] must be a string of 1 to ${CALL_ID_CHARACTERS_MAX} characters`,
  );
}

function readCalls(given: unknown, name: string): ToolCall[] {
  if (!Array.isArray(given) || given.length > CALLS_MAX) {
    throw invalid(`Request parameter [${name}] must be a list of at most ${CALLS_MAX} calls`);
  }
  const calls = given.map((entry, index) => readCall(entry, `${name}[${index}]`));
  const again = calls.findIndex(
    ({ id }, index) => calls.findIndex((call) => call.id === id) < index,
  );
  if (again < 0) return calls;
  throw invalid(`Request parameter [${name}[${again}].id] is that of another call`);
}

/** `index` and `status` come from streams and from segments. */
const CALL_MEMBERS: readonly string[] = ['index'];

function readCall(entry: unknown, path: string): ToolCall {
  const { id, type, function: called, ...others } = isObject(entry) ? entry : {};
  for (const member of Object.keys(others)) {
    if (!CALL_MEMBERS.includes(member)) requireEmpty(path, { [member]: others[member] }, []);
  }
  if (type !== 'function') {
    throw invalid(`Request parameter [${path}.type] must be function`);
  }
  const { name, arguments: given, ...unread } = isObject(called) ? called : {};
  requireEmpty(`${path}.function`, unread, []);
  return {
    id: readCallId(id, `${path}.id`),
    name: readToolName(name, `${path}.function.name`),
    arguments: readObjectText(given, `${path}.function.arguments`),
  };
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

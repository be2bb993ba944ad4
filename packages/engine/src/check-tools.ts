import { parseBoundedJson, TOOL_NAME_PATTERN, TOOLS_MAX } from '@runfleet/protocol';

import { EngineError } from './engine-error.ts';
import type { ChatMessage, GenerateRequest } from './engine.ts';
import { callsOf } from './text/tools/calls-of.ts';

/** Whether the answer may call a tool. */
export function mayCall({ tools, toolChoice }: GenerateRequest): boolean {
  return tools.length > 0 && toolChoice !== 'none';
}

/** Throws `EngineError('input')`, which names the first field that no engine could run. */
export function checkTools(request: GenerateRequest): void {
  const { tools, toolChoice, grammar } = request;
  if (tools.length > TOOLS_MAX) {
    throw refuse(`tools holds ${tools.length}; ${TOOLS_MAX} is the maximum`);
  }
  const names = new Set<string>();
  for (const [index, { name }] of tools.entries()) {
    requireName(name, `tools[${index}].name`);
    if (names.has(name)) throw refuse(`tools[${index}].name is that of another tool`);
    names.add(name);
  }
  if (toolChoice === 'required' && tools.length === 0) {
    throw refuse('toolChoice must not be required without tools');
  }
  if (typeof toolChoice === 'object' && !names.has(toolChoice.name)) {
    throw refuse('toolChoice must name one of the tools');
  }
  if (grammar && mayCall(request)) {
    throw refuse('grammar cannot be combined with tools that may be called');
  }
}

/** Templates write the name and the arguments of each call. */
export function checkCalls(messages: readonly ChatMessage[]): void {
  for (const [index, message] of messages.entries()) {
    for (const [at, call] of callsOf(message).entries()) {
      const field = `messages[${index}].toolCalls[${at}]`;
      requireName(call.name, `${field}.name`);
      requireObject(call.arguments, `${field}.arguments`);
    }
  }
}

function requireName(name: string, field: string): void {
  if (TOOL_NAME_PATTERN.test(name)) return;
  throw refuse(`${field} must have 1 to 64 letters, digits, - and _`);
}

function requireObject(text: string, field: string): void {
  let problem = 'must be the text of a JSON object';
  try {
    const value = parseBoundedJson(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    problem = error.message;
  }
  throw refuse(`${field} ${problem}`);
}

function refuse(message: string): EngineError {
  return new EngineError('input', `${message}.`);
}

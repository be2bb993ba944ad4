/** The outputs of the tools that an answer called, with which its caller continues it. */
import { CALLS_MAX } from '@runfleet/protocol';

import { readJsonText } from './read-json-text.ts';
import { isEmptyList, isObject, requireEmpty } from './read-members.ts';
import { type ChatMessage, readCallId } from './read-message.ts';
import { type Body, invalid, isBlank } from './read-parameter.ts';

type ToolOutput = { callId: string; output: string };

/** What continues from the first turn, or makes no sense beside outputs. */
const EXCLUDED = [
  'prompt',
  'messages',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'response_format',
  'regex',
] as const;

/** Whether a turn answers the calls of the one before it. */
export function hasToolOutputs({ toolOutputs }: Body): boolean {
  return !isNone(toolOutputs);
}

/** Form clients send an empty list as a text. */
function isNone(value: unknown): boolean {
  return isBlank(value) || isEmptyList(value) || value === '[]';
}

/** Throws `invalid_request` with the name of the invalid member. An output is a text, or any other JSON. */
export function readToolOutputs(body: Body): ToolOutput[] {
  const beside = EXCLUDED.find((name) => !isNone(body[name]));
  if (beside !== undefined) {
    throw invalid(`Request parameter [${beside}] cannot be combined with [toolOutputs]`);
  }
  if (isBlank(body['previousTaskToken'])) {
    throw invalid('Request parameter [previousTaskToken] required with [toolOutputs]');
  }
  const name = 'toolOutputs';
  const given = readJsonText(name, body[name]);
  if (!Array.isArray(given) || given.length > CALLS_MAX) {
    throw invalid(
      `Request parameter [${name}] must be a list of at most ${CALLS_MAX} objects with call_id and output`,
    );
  }
  const outputs = given.map((entry, index) => readOutput(entry, `${name}[${index}]`));
  for (const [index, { callId }] of outputs.entries()) {
    if (outputs.findIndex((output) => output.callId === callId) < index) {
      throw invalid(`Request parameter [${name}[${index}].call_id] has an output already`);
    }
  }
  return outputs;
}

/** The calls that a turn answers, of the one that it continues. */
export function answeredCalls(body: Body, own: readonly ChatMessage[]): string[] {
  if (!hasToolOutputs(body)) return [];
  return own.flatMap((message) => (message.role === 'tool' ? message.callId : []));
}

function readOutput(entry: unknown, path: string): ToolOutput {
  const { call_id, output, ...others } = isObject(entry) ? entry : {};
  requireEmpty(path, others, []);
  const callId = readCallId(call_id, `${path}.call_id`);
  if (output === undefined) throw invalid(`Request parameter [${path}.output] required`);
  return { callId, output: typeof output === 'string' ? output : JSON.stringify(output) };
}

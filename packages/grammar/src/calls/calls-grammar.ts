import type { CallFormat, ToolChoice, ToolDefinition } from '@runfleet/protocol';

import type { CallsGrammar } from '../output-grammar.ts';
import { writeExactJson } from '../schema/exact-json.ts';

/** The tools of a request, and which of them its answer may or must call. */
export type ToolRequest = {
  tools: readonly ToolDefinition[];
  toolChoice: ToolChoice;
  parallelToolCalls: boolean;
};

/**
 * What holds the calls of an answer to their tools, or a text free of calls if it may not call any;
 * null without tools.
 */
export function callsGrammar(
  { tools, toolChoice, parallelToolCalls }: ToolRequest,
  format: CallFormat,
): CallsGrammar | null {
  if (tools.length === 0) return null;
  const all = tools.map(({ name, parameters }, index) => ({
    name,
    parameters: writeExactJson(parameters),
    field: `tools[${index}].function.parameters`,
  }));
  const isNamed = typeof toolChoice === 'object';
  const callable = toolChoice === 'none' ? [] : all;
  return {
    kind: 'calls',
    format,
    tools: isNamed ? callable.filter(({ name }) => name === toolChoice.name) : callable,
    isRequired: isNamed || toolChoice === 'required',
    // A model that may only call one tool would repeat that call.
    isParallel: parallelToolCalls && !isNamed,
  };
}

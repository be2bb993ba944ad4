import {
  CALL_FORMATS,
  type CallFormatName,
  type ToolDefinition,
  writeCalls,
} from '@runfleet/protocol';

import { EngineError } from '../engine-error.ts';
import type { ChatMessage } from '../engine.ts';
import type { ChatPart, ModelFamily } from '../families/model-family.ts';
import type { ChatTemplate } from '../text/chat-template/chat-template.ts';
import { OWN_DIALECT } from '../text/tools/own-dialect.ts';
import { systemDialect } from '../text/tools/system-dialect.ts';
import { templateDialect } from '../text/tools/template-dialect.ts';
import type { ToolDialect } from '../text/tools/tool-dialect.ts';

/**
 * How tools are written for a template, found by trial: the template's own way if it writes
 * definitions, calls and outputs in a form that is known, or else its family's, or else the
 * engine's. A template that leaves out a part of the trial is not asked to write tools.
 */
export function findDialect(template: ChatTemplate, family: ModelFamily): ToolDialect {
  const own = findTemplateDialect(template);
  if (own) return own;
  const { systemTools } = family;
  const dialect = systemTools && systemDialect(systemTools);
  return dialect && tryDialect(template, dialect) !== undefined ? dialect : OWN_DIALECT;
}

/** The template's own way; undefined if it has none that is known. */
export function findTemplateDialect(template: ChatTemplate): ToolDialect | undefined {
  for (const isSplit of [false, true]) {
    const text = tryDialect(template, templateDialect('hermes', isSplit));
    const callFormat = text === undefined ? undefined : formatIn(text);
    if (callFormat) return templateDialect(callFormat, isSplit);
  }
  return undefined;
}

/** The text of the trial; undefined if the template refuses it or leaves out a part. */
function tryDialect(template: ChatTemplate, dialect: ToolDialect): string | undefined {
  const { messages, tools } = dialect.write(CONVERSATION, [TOOL]);
  let parts: ChatPart[];
  try {
    parts = template.partsOf(messages, tools);
  } catch (error) {
    if (error instanceof EngineError) return undefined;
    throw error;
  }
  const text = parts.map((part) => ('text' in part ? part.text : part.special)).join('');
  return EXPECTED.every((part) => text.includes(part)) ? text : undefined;
}

/** The format in which the trial's calls are written. */
function formatIn(text: string): CallFormatName | undefined {
  const names = Object.keys(CALL_FORMATS) as CallFormatName[];
  return names.find((name) => {
    const format = CALL_FORMATS[name];
    return (
      text.includes(writeCalls(CALLS, format)) ||
      CALLS.every((call) => text.includes(writeCalls([call], format)))
    );
  });
}

const TOOL: ToolDefinition = {
  name: 'find_place',
  description: 'Finds a place.',
  parameters: { type: 'object', properties: { place_name: { type: 'string' } } },
};
const CALLS = [
  { id: 'call_1', name: TOOL.name, arguments: '{"place_name": "A town"}' },
  { id: 'call_2', name: TOOL.name, arguments: '{"place_name": "A lake"}' },
];
const OUTPUTS = ['An output.', 'Another output.'];
const CONVERSATION: readonly ChatMessage[] = [
  { role: 'system', content: 'An instruction.' },
  { role: 'user', content: 'A question?' },
  { role: 'assistant', content: '', toolCalls: CALLS },
  ...CALLS.map(({ id, name }, at) => ({
    role: 'tool' as const,
    content: OUTPUTS[at] ?? '',
    callId: id,
    name,
  })),
  { role: 'user', content: 'Another question?' },
];
const EXPECTED = [
  'An instruction.',
  TOOL.name,
  TOOL.description,
  'place_name',
  'A town',
  'A lake',
  ...OUTPUTS,
  'A question?',
  'Another question?',
];

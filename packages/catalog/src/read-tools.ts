import { type ToolRequest, writeExactJson } from '@runfleet/grammar';
import { type ToolChoice, type ToolDefinition, TOOLS_MAX } from '@runfleet/protocol';

/** Reads the tools that an answer may call. */
import { readJsonText } from './read-json-text.ts';
import { isEmptyList, isObject, isShort, requireEmpty } from './read-members.ts';
import { type Body, invalid, isBlank, switchOf } from './read-parameter.ts';
import { readToolName } from './read-tool-name.ts';

/** Of the names, descriptions and schemas of all tools together. */
const TOOLS_CHARACTERS_MAX = 131_072;
/** Enough for the longest tools and white space. */
const TEXT_CHARACTERS_MAX = 2 * TOOLS_CHARACTERS_MAX;
const DESCRIPTION_CHARACTERS_MAX = 4_096;
const NO_ARGUMENTS = { type: 'object', properties: {} };

/** Throws `invalid_request` with the name of the invalid member. */
export function readTools(body: Body): ToolRequest {
  const tools = readDefinitions(body['tools']);
  return {
    tools,
    toolChoice: readChoice(body['tool_choice'], tools),
    parallelToolCalls: readParallel(body['parallel_tool_calls']),
  };
}

function readDefinitions(given: unknown): ToolDefinition[] {
  const name = 'tools';
  if (isBlank(given) || isEmptyList(given)) return [];
  if (typeof given === 'string' && given.length > TEXT_CHARACTERS_MAX) {
    throw invalid(
      `Request parameter [${name}] has ${given.length} characters; the maximum is ${TEXT_CHARACTERS_MAX}`,
    );
  }
  const listed = readJsonText(name, given);
  if (!Array.isArray(listed) || listed.length > TOOLS_MAX) {
    throw invalid(`Request parameter [${name}] must be a list of at most ${TOOLS_MAX} tools`);
  }
  const tools = listed.map((entry, index) => readDefinition(entry, `${name}[${index}]`));
  const names = new Set<string>();
  let characters = 0;
  for (const [index, tool] of tools.entries()) {
    if (names.has(tool.name)) {
      throw invalid(
        `Request parameter [${name}[${index}].function.name] is the name of another tool`,
      );
    }
    names.add(tool.name);
    characters +=
      tool.name.length + tool.description.length + writeExactJson(tool.parameters).length;
  }
  if (characters <= TOOLS_CHARACTERS_MAX) return tools;
  throw invalid(
    `Request parameter [${name}] has ${characters} characters of names, descriptions and schemas; the maximum is ${TOOLS_CHARACTERS_MAX}`,
  );
}

function readDefinition(entry: unknown, path: string): ToolDefinition {
  const { type, function: called, ...others } = isObject(entry) ? entry : {};
  if (type !== 'function') throw invalid(`Request parameter [${path}.type] must be function`);
  requireEmpty(path, others, []);
  if (!isObject(called)) {
    throw invalid(`Request parameter [${path}.function] must be an object with a name`);
  }
  const { name, description, parameters, strict, ...unread } = called;
  requireEmpty(`${path}.function`, unread, []);
  if (!isBlank(description) && !isShort(description, DESCRIPTION_CHARACTERS_MAX)) {
    throw invalid(
      `Request parameter [${path}.function.description] must be a string of at most ${DESCRIPTION_CHARACTERS_MAX} characters`,
    );
  }
  if (!isBlank(parameters) && !isObject(parameters)) {
    throw invalid(`Request parameter [${path}.function.parameters] must be a JSON Schema`);
  }
  // Arguments always match the schema, so it changes nothing.
  if (!isBlank(strict) && typeof strict !== 'boolean') {
    throw invalid(`Request parameter [${path}.function.strict] must be true or false`);
  }
  return {
    name: readToolName(name, `${path}.function.name`),
    description: isBlank(description) ? '' : description,
    parameters: isBlank(parameters) ? NO_ARGUMENTS : parameters,
  };
}

const CHOICES = ['auto', 'none', 'required'] as const;
const NAMED = '{"type": "function", "function": {"name": ...}}';

function readChoice(given: unknown, tools: readonly ToolDefinition[]): ToolChoice {
  if (isBlank(given)) return 'auto';
  const word = CHOICES.find((choice) => choice === given);
  const isText = typeof given === 'string' && given.trimStart().startsWith('{');
  const choice = word ?? (isText ? readJsonText('tool_choice', given) : given);
  if (choice === 'auto' || choice === 'none') return choice;
  if (choice !== 'required' && !isObject(choice)) {
    throw invalid(`Request parameter [tool_choice] must be ${CHOICES.join(', ')} or ${NAMED}`);
  }
  if (tools.length === 0) throw invalid('Request parameter [tools] required with [tool_choice]');
  if (choice === 'required') return choice;
  const { type, function: called, ...others } = choice;
  if (type !== 'function') throw invalid('Request parameter [tool_choice.type] must be function');
  requireEmpty('tool_choice', others, []);
  const { name, ...unread } = isObject(called) ? called : {};
  requireEmpty('tool_choice.function', unread, []);
  const named = tools.find((tool) => tool.name === name);
  if (named) return { name: named.name };
  throw invalid('Request parameter [tool_choice.function.name] must be the name of one of [tools]');
}

function readParallel(given: unknown): boolean {
  const name = 'parallel_tool_calls';
  const value = isBlank(given) ? true : switchOf(given, name);
  if (value === undefined) throw invalid(`Request parameter [${name}] must be true or false`);
  return value;
}

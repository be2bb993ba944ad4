import { TOOL_NAME_PATTERN } from '@runfleet/protocol';

import { invalid } from './read-parameter.ts';

export function readToolName(given: unknown, name: string): string {
  if (typeof given === 'string' && TOOL_NAME_PATTERN.test(given)) return given;
  throw invalid(
    `Request parameter [${name}] must be a string of 1 to 64 letters, digits, underscores and dashes`,
  );
}

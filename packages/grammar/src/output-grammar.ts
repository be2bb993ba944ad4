import type { CallFormat } from '@runfleet/protocol';

/**
 * What an answer must match. `schema` is the text of a JSON Schema; `json` allows any object or
 * list.
 */
export type OutputGrammar =
  | { kind: 'json' }
  | { kind: 'json_schema'; schema: string }
  | { kind: 'regex'; pattern: string }
  | CallsGrammar;

/**
 * Calls of tools, at most one unless `isParallel`. If no call is required, text may come before
 * them, or stand alone.
 */
export type CallsGrammar = {
  kind: 'calls';
  format: CallFormat;
  tools: readonly CallableTool[];
  isRequired: boolean;
  isParallel: boolean;
};

/** `parameters` is the text of a JSON Schema, and `field` where the request holds it. */
type CallableTool = { name: string; parameters: string; field: string };

/** The field of the request that holds the grammar. */
export const FIELD_OF = {
  json: 'response_format',
  json_schema: 'response_format.json_schema.schema',
  regex: 'regex',
  calls: 'tools',
} as const satisfies Record<OutputGrammar['kind'], string>;

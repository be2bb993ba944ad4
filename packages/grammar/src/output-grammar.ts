/**
 * What an answer must match. `schema` is the text of a JSON Schema; `json` allows any object or
 * list.
 */
export type OutputGrammar =
  | { kind: 'json' }
  | { kind: 'json_schema'; schema: string }
  | { kind: 'regex'; pattern: string };

/** The field of the request that holds the grammar. */
export const FIELD_OF = {
  json: 'response_format',
  json_schema: 'response_format.json_schema.schema',
  regex: 'regex',
} as const satisfies Record<OutputGrammar['kind'], string>;

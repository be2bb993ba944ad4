/** What an answer must match. `schema` is a JSON Schema's text; `json` is any object or list. */
export type OutputGrammar =
  | { kind: 'json' }
  | { kind: 'json_schema'; schema: string }
  | { kind: 'regex'; pattern: string };

/** What a place is called in the caller's own request. */
export const PLACE_OF = {
  json: 'response_format',
  json_schema: 'response_format.json_schema.schema',
  regex: 'regex',
} as const satisfies Record<OutputGrammar['kind'], string>;

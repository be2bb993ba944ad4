import { choice, literal, type Node } from '../node.ts';
import { FIELD_OF } from '../output-grammar.ts';
import { ANY_STRING, arrayOf, member, objectOf } from './json-parts.ts';
import { NUMBER } from './number-node.ts';

const field = FIELD_OF.json;

export const ANY_VALUE: Node = choice(
  { kind: 'rule', open: () => ANY_OBJECT, field },
  { kind: 'rule', open: () => ANY_ARRAY, field },
  ANY_STRING,
  NUMBER,
  literal('true'),
  literal('false'),
  literal('null'),
);
const ANY_OBJECT = objectOf(member(ANY_STRING, ANY_VALUE));
const ANY_ARRAY = arrayOf(ANY_VALUE, 0, Number.POSITIVE_INFINITY);

/** Any object or list. */
export const JSON_NODE: Node = choice(ANY_OBJECT, ANY_ARRAY);

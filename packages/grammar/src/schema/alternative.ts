import type { Work } from '../work.ts';
import type { PatternMatcher } from './pattern-matcher.ts';
import type { Schema } from './schema.ts';

/**
 * The own keywords of one schema within an alternative. `over` marks the part that holds
 * `unevaluatedItems` and `unevaluatedProperties`: the parts that evaluate for it.
 */
export type Part = {
  readonly schema: Schema;
  /** Below a `not`, so it evaluates nothing and names no properties. */
  readonly isHidden: boolean;
  readonly over: readonly Part[] | undefined;
};

/** Values of these types that keep every part, and are in `values` if that is a list. */
export type Alternative = {
  readonly types: number;
  readonly values: readonly unknown[] | undefined;
  readonly parts: readonly Part[];
};

/** Reads the schemas of one text. A value is valid exactly if one of the alternatives takes it. */
export type SchemaReader = {
  readonly work: Work;
  readonly patterns: PatternMatcher;
  of(schema: unknown): readonly Alternative[];
  /** The alternatives under which all of these schemas hold. */
  ofAll(schemas: readonly unknown[]): readonly Alternative[];
  /** The schema of the values that `schema` does not allow. Throws if no keywords say that exactly. */
  opposite(schema: unknown): unknown;
  /** A schema that is made from another one, whose field errors name. */
  derive(schema: Schema, from: unknown): Schema;
  fieldOf(schema: unknown): string;
};

import { GrammarError } from '../grammar-error.ts';
import type { Work } from '../work.ts';
import type { Alternative, SchemaReader } from './alternative.ts';
import type { CheckedSchema } from './check-schema.ts';
import { isVoid } from './is-void.ts';
import { ANYTHING, joinAlternatives, ownAlternative } from './join-alternatives.ts';
import { LoopError } from './loop-error.ts';
import { oppositesOf } from './opposites.ts';
import { PatternMatcher } from './pattern-matcher.ts';
import { isSchema, type Schema } from './schema.ts';

/** With unevaluated keywords every set of alternatives that may hold together counts. */
const SETS_OF_MAX = 5;
const VOID_DEPTH = 3;

/**
 * Turns schemas into alternatives: `$ref`, `allOf`, `anyOf`, `oneOf`, `not` and `if` are resolved,
 * and what remains are keywords that must all hold.
 */
export class Alternatives implements SchemaReader {
  readonly work: Work;
  readonly patterns: PatternMatcher;
  readonly #checked: CheckedSchema;
  readonly #known = new Map<Schema, readonly Alternative[]>();
  readonly #open = new Set<Schema>();
  readonly #opposites = new Map<Schema, Schema>();

  constructor(checked: CheckedSchema, work: Work) {
    this.#checked = checked;
    this.work = work;
    this.patterns = new PatternMatcher(work);
  }

  fieldOf(schema: unknown): string {
    return this.#checked.fields.get(schema) ?? this.work.field;
  }

  derive(schema: Schema, from: unknown): Schema {
    this.#checked.fields.set(schema, this.fieldOf(from));
    return schema;
  }

  ofAll(schemas: readonly unknown[]): readonly Alternative[] {
    return schemas.reduce<readonly Alternative[]>(
      (all, schema) => this.#join(all, this.of(schema), schema),
      [ANYTHING],
    );
  }

  of(schema: unknown): readonly Alternative[] {
    if (!isSchema(schema)) return schema === false ? [] : [ANYTHING];
    const known = this.#known.get(schema);
    if (known) return known;
    if (this.#open.has(schema)) throw new LoopError(this.fieldOf(schema));
    this.#open.add(schema);
    try {
      const found = this.#read(schema);
      this.#known.set(schema, found);
      return found;
    } finally {
      this.#open.delete(schema);
    }
  }

  opposite(schema: unknown): unknown {
    if (!isSchema(schema)) return schema === false;
    const known = this.#opposites.get(schema);
    if (known) return known;
    const made = this.derive(
      {
        anyOf: oppositesOf(schema, {
          field: this.fieldOf(schema),
          find: (keyword) => this.#checked.references.find(schema, keyword),
        }).map((option) => this.derive(option, schema)),
      },
      schema,
    );
    this.#opposites.set(schema, made);
    return made;
  }

  #read(schema: Schema): readonly Alternative[] {
    this.work.spend(1);
    this.work.field = this.fieldOf(schema);
    let all: readonly Alternative[] = [ownAlternative(schema)];
    const add = (more: readonly Alternative[]) => {
      all = this.#join(all, more, schema);
    };
    for (const keyword of ['$ref', '$dynamicRef'] as const) {
      if (keyword in schema) add(this.of(this.#checked.references.find(schema, keyword)));
    }
    for (const inner of listOf(schema['allOf'])) add(this.of(inner));
    if (Array.isArray(schema['anyOf'])) add(this.#anyOf(schema['anyOf'], schema));
    if (Array.isArray(schema['oneOf'])) add(this.#oneOf(schema['oneOf'], schema));
    if ('not' in schema) add(hidden(this.of(this.opposite(schema['not']))));
    if ('if' in schema && ('then' in schema || 'else' in schema)) {
      add([
        ...this.#join(this.of(schema['if']), this.of(schema['then'] ?? true), schema),
        ...this.#join(
          hidden(this.of(this.opposite(schema['if']))),
          this.of(schema['else'] ?? true),
          schema,
        ),
      ]);
    } else if ('if' in schema && this.#checked.usesUnevaluated) {
      add([...this.of(schema['if']), ...hidden(this.of(this.opposite(schema['if'])))]);
    }
    for (const [name, inner] of this.#dependents(schema)) {
      const present = { type: 'object', required: [name] };
      const absent = this.opposite(this.derive(present, schema));
      add([
        ...hidden(this.of(absent)),
        ...this.#join(hidden(this.of(this.derive(present, schema))), this.of(inner), schema),
      ]);
    }
    if (!('unevaluatedItems' in schema) && !('unevaluatedProperties' in schema)) return all;
    return all.map((alternative) => {
      const over = alternative.parts.filter(({ isHidden }) => !isHidden);
      return { ...alternative, parts: [...alternative.parts, { schema, isHidden: false, over }] };
    });
  }

  #dependents({ dependentRequired, dependentSchemas }: Schema): [string, unknown][] {
    const names = isSchema(dependentRequired) ? Object.entries(dependentRequired) : [];
    return [
      ...names.map(([name, required]): [string, unknown] => [name, { required }]),
      ...(isSchema(dependentSchemas) ? Object.entries(dependentSchemas) : []),
    ];
  }

  #anyOf(options: readonly unknown[], schema: Schema): readonly Alternative[] {
    if (!this.#checked.usesUnevaluated) return options.flatMap((option) => this.of(option));
    if (options.length > SETS_OF_MAX) {
      throw new GrammarError(
        `${this.fieldOf(schema)}.anyOf`,
        `may have at most ${SETS_OF_MAX} alternatives in a schema with unevaluated keywords`,
      );
    }
    return Array.from({ length: 2 ** options.length - 1 }, (_, index) =>
      this.ofAll(options.filter((__, at) => ((index + 1) >> at) & 1)),
    ).flat();
  }

  /** Exactly one of the options: each without those that it may overlap. */
  #oneOf(options: readonly unknown[], schema: Schema): readonly Alternative[] {
    const read = options.map((option) => this.of(option));
    return read.flatMap((own, index) => {
      let all = own;
      for (const [at, other] of read.entries()) {
        if (at === index || all.length === 0) continue;
        const both = this.#join(own, other, schema);
        if (both.every((alternative) => isVoid(alternative, this, VOID_DEPTH))) continue;
        all = this.#join(
          all,
          hidden(this.of(this.#excluded(options[at], schema, [index, at]))),
          schema,
        );
      }
      return all;
    });
  }

  #excluded(option: unknown, schema: Schema, [index, at]: [number, number]): unknown {
    try {
      return this.opposite(option);
    } catch (error) {
      if (!(error instanceof GrammarError)) throw error;
      throw new GrammarError(
        `${this.fieldOf(schema)}.oneOf`,
        `has alternatives ${Math.min(index, at)} and ${Math.max(index, at)} that may both hold, and ${error.field} has no exact opposite. Add a property with a const to each, or use anyOf`,
      );
    }
  }

  #join(
    left: readonly Alternative[],
    right: readonly Alternative[],
    from: unknown,
  ): readonly Alternative[] {
    return joinAlternatives(left, right, { work: this.work, field: this.fieldOf(from) });
  }
}

function hidden(alternatives: readonly Alternative[]): readonly Alternative[] {
  return alternatives.map((alternative) => ({
    ...alternative,
    parts: alternative.parts.map((part) => ({ ...part, isHidden: true })),
  }));
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

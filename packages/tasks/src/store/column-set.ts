import { type Column, isTime, TASK_RECORD, type TaskFields, type Use } from './task-record.ts';

/** What the statements of one use need: SQL text, made once, and conversions of rows. */
export type ColumnSet<U extends Use> = {
  /** Column names. */
  readonly names: readonly string[];
  /** `name type`, for a column definition list. */
  readonly definitions: readonly string[];
  /** By field: an expression over `tasks t`. */
  readonly expressions: Readonly<Record<string, string>>;
  /** Adds columns to a JSON record. Null is left out: it reads the same and saves most of the text. */
  write(task: TaskFields<U>, record: Record<string, unknown>): Record<string, unknown>;
  /** Reads a row of `selectList`. */
  read(row: object): TaskFields<U>;
};

/** The columns that have any of the uses. */
export function columnSet<U extends Use>(...uses: readonly U[]): ColumnSet<U> {
  const columns = Object.entries<Column>(TASK_RECORD)
    .filter(([, column]) => column.uses.some((use) => (uses as readonly Use[]).includes(use)))
    .map(([field, column]) => describe(field, column));
  const plain = columns.filter(({ field }) => !isTime(field));
  const times = columns.filter(({ field }) => isTime(field));
  const hasTimes = times.length > 0;
  const emptyTask = emptyObject([
    ...plain.map(({ field }) => field),
    ...(hasTimes ? ['times'] : []),
  ]);
  const emptyTimes = emptyObject(times.map(({ field }) => field));
  return {
    names: columns.map(({ name }) => name),
    definitions: columns.map(({ name, type }) => `${name} ${type}`),
    expressions: Object.fromEntries(columns.map(({ field, select }) => [field, select])),
    write(task, record) {
      for (const { name, of } of columns) {
        const value = of(task as Fields);
        if (value !== null) record[name] = value;
      }
      return record;
    },
    read(row) {
      const task: Fields = { ...emptyTask };
      for (const { field, parse } of plain) task[field] = parse((row as Fields)[field]);
      if (hasTimes) {
        const moments: Fields = { ...emptyTimes };
        for (const { field, parse } of times) moments[field] = parse((row as Fields)[field]);
        task['times'] = moments;
      }
      // Holds each field of the use, converted by its kind.
      return task as TaskFields<U>;
    },
  };
}

/** Selects from `tasks t` what `read` takes. */
export function selectList({ expressions }: Pick<ColumnSet<Use>, 'expressions'>): string {
  return Object.entries(expressions)
    .map(([field, expression]) => `${expression} as "${field}"`)
    .join(', ');
}

type Fields = Record<string, unknown>;

function describe(field: string, { kind, stored }: Column) {
  const name = stored?.name ?? field.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  const { parse, format } = kind;
  const valueOf = isTime(field)
    ? (task: Fields) => (task['times'] as Fields)[field]
    : (task: Fields) => task[field];
  return {
    field,
    name,
    type: kind.type,
    select: stored?.select ?? `t.${name}`,
    parse: parse
      ? (value: unknown) => (value === null ? null : parse(value))
      : (value: unknown) => value,
    of:
      stored?.of ??
      ((task: Fields) => {
        const value = valueOf(task) ?? null;
        return value === null || !format ? value : format(value);
      }),
  };
}

/**
 * An object with these fields. Copies of an object that was parsed keep V8's fast layout; one that
 * gets forty fields by computed names becomes a dictionary, and each later copy costs ten times as much.
 */
function emptyObject(fields: readonly string[]): Fields {
  return JSON.parse(JSON.stringify(Object.fromEntries(fields.map((field) => [field, null]))));
}

/**
 * Every column of a task, once. Select lists, inserts, updates, locks and the types of what they read
 * and write derive from this table; see `column-set.ts`.
 */
import type { Limits } from '@runfleet/billing';
import type { FileText } from '@runfleet/catalog';
import { formatMoment, type schema } from '@runfleet/db';
import {
  formatUsd,
  INITIAL_STATUS,
  type Micros,
  type Outcome,
  parseUsd,
  type Pico,
  type Price,
  type Receipt,
  TASK_LIFE,
  type StoredOutput,
  type TaskStatus,
  type TaskTime,
} from '@runfleet/protocol';

import { queuedInOf } from '../life/parking.ts';

/**
 * A statement that uses a column.
 *
 * `create`: the insert of a Run. `decide`: the locked read before a decision. `change`: the update of
 * every commit. `end`: only the commit that ends the task writes it. `detail`: the whole task for a
 * reader. `summary`: a row in a list of tasks. `run`: what a worker needs to run it.
 */
export type Use = 'create' | 'decide' | 'change' | 'end' | 'detail' | 'summary' | 'run';

/** A type of values: its Postgres type, and the conversions from and to it. They never see null. */
type Kind<V> = {
  readonly type: string;
  parse?(this: void, value: unknown): V;
  format?(this: void, value: V): unknown;
};

export type Column<V = unknown, U extends Use = Use> = {
  readonly kind: Kind<V>;
  readonly uses: readonly U[];
  /** Where the field is not stored as itself: its column, and how to read and write it. */
  readonly stored?: {
    readonly name: string;
    readonly select: string;
    of(this: void, task: unknown): unknown;
  };
};

const TEXT: Kind<string> = { type: 'text' };
const INT: Kind<number> = { type: 'int' };
const FLOAT: Kind<number> = { type: 'float8' };
const ID: Kind<string> = { type: 'bigint' };
const UUID: Kind<string> = { type: 'uuid' };
const PULSE: Kind<number> = { type: 'bigint', parse: Number };
const MOMENT: Kind<Micros> = { type: 'timestamptz', format: formatMoment };
const USD: Kind<Pico> = {
  type: 'numeric',
  parse: (text) => parseUsd(String(text)),
  format: formatUsd,
};
const TEXTS: Kind<readonly string[]> = { type: 'text[]' };
const UUIDS: Kind<readonly string[]> = { type: 'uuid[]' };
const STATUS: Kind<TaskStatus> = { type: 'task_status' };
const OUTCOME: Kind<Outcome> = { type: 'text' };
const PARAMETERS: Kind<Record<string, unknown>> = { type: 'json' };
const FILE_TEXTS: Kind<readonly FileText[]> = { type: 'json' };
const OUTPUTS: Kind<readonly StoredOutput[]> = { type: 'json' };
const PRICE: Kind<Price> = { type: 'jsonb' };
const LIMITS: Kind<Omit<Limits, 'timeoutSeconds'>> = { type: 'jsonb' };
const RECEIPT: Kind<Receipt> = { type: 'json' };

const column = <V, const U extends Use>(kind: Kind<V>, ...uses: U[]): Column<V, U> => ({
  kind,
  uses,
});
// Conversions skip null, so a kind needs no other form for it.
const orNull = <V>(kind: Kind<V>) => kind as Kind<V | null>;

const timeColumn = () => column(orNull(MOMENT), 'decide', 'change', 'detail');
const TIMES = Object.fromEntries(
  Object.values(TASK_LIFE).map(({ time }) => [time, timeColumn()]),
) as Record<TaskTime, ReturnType<typeof timeColumn>>;

/** By the name of the field. The column has the same name in snake case. */
export const TASK_RECORD = {
  id: column(ID, 'create', 'decide', 'detail', 'summary', 'run'),
  organisationId: column(ID, 'create', 'decide', 'detail', 'run'),
  projectId: column(ID, 'create', 'detail'),
  ownerId: column(UUID, 'create', 'detail', 'run'),
  token: column(TEXT, 'create', 'detail'),
  modelId: column(TEXT, 'create', 'detail', 'summary'),
  pool: column(TEXT, 'create', 'decide', 'detail', 'run'),
  parameters: column(PARAMETERS, 'create', 'detail', 'run'),
  /** Pinned, so that a file that changes or is deleted later does not change the task. */
  fileTexts: column(orNull(FILE_TEXTS), 'create', 'run'),
  seed: column(ID, 'create', 'detail', 'run'),
  timeoutSeconds: column(INT, 'create', 'decide', 'detail', 'summary', 'run'),

  /** The conversation of which it is a turn. */
  conversationId: column(orNull(ID), 'create', 'detail', 'run'),
  /** Which turn it is, from 1. */
  turn: column(orNull(INT), 'create', 'detail', 'run'),
  /** The turn that it continues. */
  parentId: column(orNull(ID), 'create', 'detail', 'run'),
  /** The turn whose system prompt it has, which may be itself. */
  systemTurnId: column(orNull(ID), 'create', 'run'),

  fairnessKey: column(TEXT, 'create', 'decide', 'detail'),
  /** Seconds of head start in the tenant's own line. */
  priority: column(INT, 'create', 'decide', 'detail'),
  expectedSeconds: column(FLOAT, 'create', 'decide', 'detail'),
  /** The task expires unless a worker accepts it by then. Cleared once it was accepted. */
  startBy: column(orNull(MOMENT), 'create', 'decide', 'change', 'detail'),
  /** The task waits in the queue, but not in line, until a reconciler resumes it. */
  notBefore: column(orNull(MOMENT), 'decide', 'change'),
  affinity: column(orNull(TEXT), 'create', 'detail'),
  callbackUrl: column(orNull(TEXT), 'create', 'decide', 'detail'),
  /** Labels that its worker must carry. */
  requires: column(TEXTS, 'create', 'decide', 'detail'),
  /** Workers on which it failed. */
  avoids: column(UUIDS, 'decide', 'change'),

  status: column(STATUS, 'create', 'decide', 'change', 'detail', 'summary'),
  epoch: column(INT, 'create', 'decide', 'change', 'detail'),
  seq: column(INT, 'create', 'decide', 'change', 'detail'),
  changedAt: column(MOMENT, 'create', 'decide', 'change'),
  /** The task waits in the queue, but not in line, until a worker registers that can take it. */
  isParked: {
    ...column({ type: 'text' } as Kind<boolean>, 'create', 'decide', 'change'),
    stored: {
      name: 'queued_in',
      select: 'coalesce(t.queued_in <> t.pool, false)',
      of: ({ status, pool, isParked }: { status: TaskStatus; pool: string; isParked: boolean }) =>
        status === INITIAL_STATUS ? queuedInOf(pool, isParked) : null,
    },
  },
  workerId: column(orNull(UUID), 'decide', 'change', 'detail'),
  workerGeneration: column(orNull(INT), 'decide', 'change'),
  assignedPulse: column(orNull(PULSE), 'decide', 'change'),
  outputTokens: column(INT, 'decide', 'change'),
  infraAttempts: column(INT, 'decide', 'change', 'detail'),

  ...TIMES,
  queuedAt: column(orNull(MOMENT), 'create', 'decide', 'change', 'detail', 'summary'),
  acceptedAt: column(orNull(MOMENT), 'decide', 'change', 'detail', 'summary'),
  endedAt: column(orNull(MOMENT), 'decide', 'change', 'detail', 'summary'),

  /** Pinned when the Run is accepted. A task that an older process created has none, and its rate instead. */
  price: {
    ...column(PRICE, 'create', 'decide', 'detail'),
    stored: {
      name: 'price',
      select: `coalesce(t.price, jsonb_build_object('version', t.price_version, 'method', 'second',
        'parts', jsonb_build_object('second', t.cps::text)))`,
      of: (task) => (task as { price: Price }).price,
    },
  },
  /** Pinned with the price. Null where an older process created the task. */
  limits: column(orNull(LIMITS), 'create', 'run'),
  /** Written for older processes, which bill by these. */
  priceVersion: column(TEXT, 'create'),
  cps: column(USD, 'create'),
  held: column(USD, 'create', 'decide', 'detail'),
  totalCost: column(USD, 'decide', 'change', 'detail', 'summary'),
  /** The counts of the limits that apply to it. */
  countedIn: column(TEXTS, 'create', 'decide'),

  outcome: column(orNull(OUTCOME), 'decide', 'change', 'detail'),
  pexit: column(TEXT, 'decide', 'change', 'detail', 'summary'),
  debugOutput: column(TEXT, 'end', 'detail'),
  debugError: column(TEXT, 'end', 'detail'),
  outputs: column(OUTPUTS, 'end', 'detail'),
  receipt: column(orNull(RECEIPT), 'end', 'detail'),
} satisfies Record<
  Exclude<keyof (typeof schema.tasks)['$inferSelect'], 'queuedIn'> | 'isParked',
  Column
>;

type Table = typeof TASK_RECORD;
type Values = { [F in keyof Table]: Table[F] extends Column<infer V> ? V : never };
type Names<U extends Use> = {
  [F in keyof Table]: Extract<U, Table[F]['uses'][number]> extends never ? never : F;
}[keyof Table];
type Moments<U extends Use> = Pick<Values, Names<U> & TaskTime>;

/** A task as the statements of these uses read or write it. Its moments are together in `times`. */
export type TaskFields<U extends Use> = Pick<Values, Exclude<Names<U>, TaskTime>> &
  (keyof Moments<U> extends never ? unknown : { times: Moments<U> });

export function isTime(field: string): boolean {
  return field in TIMES;
}

/**
 * Limits that were set: how much may be spent in a period, and how many tasks may be active. A task
 * counts in the period in which its Run is accepted, with its hold and then with its cost, even if
 * it ends in a later one. So a count never grows after its period, and is never above its limit.
 */
import {
  formatUsd,
  type LimitKind,
  type LimitLevel,
  type LimitPeriod,
  type Micros,
  parseUsd,
  type Pico,
  type ReachedLimit,
  RunfleetError,
} from '@runfleet/protocol';

import { periodEnd, periodStart } from './periods.ts';

export type Limit = {
  id: string;
  level: LimitLevel;
  /** A project's id, or an end user's name. Empty for the organisation, and for each end user. */
  subject: string;
  kind: LimitKind;
  period: LimitPeriod;
  /** Dollars for `spend`, else a count in whole dollars. */
  value: Pico;
  /** Whether it refuses Runs. It counts them in any case. */
  isInForce: boolean;
};

/** What counts against a limit in one period. */
export type LimitCount = {
  name: string;
  limitId: string;
  subject: string;
  startsAt: Micros;
  endsAt: Micros | null;
  settled: Pico;
  held: Pico;
  active: number;
};

/** What a commit changes in a count. */
export type CountChange = { name: string; settled: Pico; held: Pico; active: number };

/** Whom a Run concerns. */
export type RunSubject = {
  organisationId: string;
  projectId: string;
  /** The project whose key made the call; null for none. */
  keyId: string | null;
  /** Empty for none. */
  endUser: string;
};

const ONE = parseUsd('1');

/** The limits of organisations under their accounts' locks. Runs that it admits count at once. */
export class LimitBook {
  /** Counts that the admitted Runs need and that do not exist yet. */
  readonly opened: LimitCount[] = [];
  readonly #limits: ReadonlyMap<string, readonly Limit[]>;
  readonly #latest: Map<string, LimitCount>;

  /** `limits` by organisation; `counts`: the latest of each limit and subject, by `countKey`. */
  constructor(
    limits: ReadonlyMap<string, readonly Limit[]>,
    counts: ReadonlyMap<string, Readonly<LimitCount>>,
  ) {
    this.#limits = limits;
    this.#latest = new Map([...counts].map(([key, count]) => [key, { ...count }]));
  }

  /** Counts a Run that holds `hold`, and returns the names of its counts. Throws if a limit is reached. */
  count(run: RunSubject, hold: Pico, now: Micros): string[] {
    const limits = this.#limits.get(run.organisationId);
    if (!limits) return [];
    const counted = limits.flatMap((limit) => {
      const subject = subjectOf(limit, run);
      return subject === null ? [] : [{ limit, count: this.#current(limit, subject, now) }];
    });
    for (const { limit, count } of counted) requireRoom(limit, count, hold, now);
    for (const { count } of counted) {
      const key = countKey(count.limitId, count.subject);
      if (this.#latest.get(key) !== count) {
        this.#latest.set(key, count);
        this.opened.push({ ...count });
      }
      count.held += hold;
      count.active += 1;
    }
    return counted.map(({ count }) => count.name);
  }

  /** The latest count, or an empty one once its period is over. A clock that is set back opens none. */
  #current({ id, period }: Limit, subject: string, now: Micros): LimitCount {
    const startsAt = periodStart(period, now);
    const latest = this.#latest.get(countKey(id, subject));
    return latest && latest.startsAt >= startsAt
      ? latest
      : newCount({ limitId: id, subject, period, startsAt });
  }
}

/** Names a limit's counts of one subject. */
export function countKey(limitId: string, subject: string): string {
  return `${limitId}:${subject}`;
}

export function newCount(of: {
  limitId: string;
  subject: string;
  period: LimitPeriod;
  startsAt: Micros;
}): LimitCount {
  const { limitId, subject, period, startsAt } = of;
  const name = `${limitId}:${startsAt}:${subject}`;
  const endsAt = periodEnd(period, startsAt);
  return { name, limitId, subject, startsAt, endsAt, settled: 0n, held: 0n, active: 0 };
}

/** What of `count` is compared with the limit. */
export function usedOf(kind: LimitKind, count: Pick<LimitCount, 'settled' | 'held' | 'active'>) {
  return kind === 'spend' ? count.settled + count.held : BigInt(count.active) * ONE;
}

/** A limit's value or use as the wire writes it: dollars, or a count. */
export function formatLimitValue(kind: LimitKind, value: Pico): string {
  return kind === 'spend' ? formatUsd(value) : String(value / ONE);
}

/** The subject whose count a Run adds to; null if the limit does not concern the Run. */
function subjectOf({ level, subject }: Limit, run: RunSubject): string | null {
  const own = {
    organisation: '',
    project: run.projectId,
    key: run.keyId,
    user: run.endUser === '' ? null : run.endUser,
  }[level];
  const isEachUser = level === 'user' && subject === '';
  return own !== null && (isEachUser || own === subject) ? own : null;
}

function requireRoom(limit: Limit, count: LimitCount, hold: Pico, now: Micros): void {
  const { kind, level, period, value } = limit;
  const used = usedOf(kind, count);
  if (!limit.isInForce || used + (kind === 'spend' ? hold : ONE) <= value) return;
  const { subject, endsAt } = count;
  const reached: ReachedLimit = {
    kind,
    level,
    subject,
    period,
    value: formatLimitValue(kind, value),
    used: formatLimitValue(kind, used),
    resetsat: endsAt === null ? '0' : String(endsAt / SECOND),
  };
  const retryAfterSeconds = endsAt === null ? undefined : Number((endsAt - now) / SECOND) + 1;
  const error = kind === 'spend' ? 'spend_limit' : 'active_limit';
  throw new RunfleetError(error, explain(reached, hold), { retryAfterSeconds, limit: reached });
}

const SECOND = 1_000_000n;
const PERIOD_NAMES: Readonly<Record<LimitPeriod, string>> = {
  day: 'per day (UTC)',
  week: 'per week (UTC)',
  month: 'per month (UTC)',
  total: 'in total',
  now: 'at once',
};

function explain(
  { kind, level, subject, period, value, used, resetsat }: ReachedLimit,
  hold: Pico,
) {
  const owner = subject === '' ? `this ${level}` : `${NOUNS[level]} ${subject}`;
  if (kind === 'active') {
    return `Task limit reached: ${owner} may have ${value} tasks queued or running at once, and has ${used}. Wait for one to end.`;
  }
  const end = new Date(Number(resetsat) * 1_000).toISOString();
  const next =
    resetsat === '0' ? 'Raise the limit.' : `Try again after ${end}, or raise the limit.`;
  return `Spend limit reached: ${owner} may spend ${value} USD ${PERIOD_NAMES[period]}; ${used} USD are spent or held, and this Run holds ${formatUsd(hold)} USD. ${next}`;
}

const NOUNS: Readonly<Record<LimitLevel, string>> = {
  organisation: 'organisation',
  project: 'project',
  key: 'the key of project',
  user: 'end user',
};

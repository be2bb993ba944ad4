import type { Limit } from '@runfleet/billing';
import type { Pico } from '@runfleet/protocol';
import type { Applied, MemoryDatabase } from '@runfleet/tasks/memory';

import { TENANTS } from '../tenants.ts';
import type { Report } from './laws.ts';

type Task = Applied['changed'][number]['after'];
type Run = Applied['created'][number]['task'];
type Sum = { limit: Limit; settled: Pico; held: Pico; active: number };

const ONE_USD = 10n ** 12n;

/**
 * What counts against each limit, from tasks alone. A life lasts minutes, but its clock may be set
 * back over midnight; so the tasks of a limit and a subject are summed by the counts that they name.
 */
export class LimitsHeld {
  readonly #report: Report;
  readonly #sums = new Map<string, Sum>();
  readonly #changed = new Set<string>();

  constructor(report: Report) {
    this.#report = report;
  }

  accept(run: Run, { id, held, countedIn }: Task): void {
    const own = TENANTS.find(({ organisationId }) => organisationId === run.organisationId);
    const limits = (own?.limits ?? []).filter(
      ({ level, subject }) => level !== 'user' || (run.fairnessKey !== '' && subject === ''),
    );
    if (countedIn.length !== limits.length) {
      this.#report('limits hold', id, `${countedIn.length} of ${limits.length} limits count it`);
    }
    for (const [index, limit] of limits.entries()) {
      const name = countedIn[index] ?? '';
      const sum = this.#sums.get(name) ?? { limit, settled: 0n, held: 0n, active: 0 };
      sum.held += held;
      sum.active += 1;
      this.#sums.set(name, sum);
      this.#changed.add(name);
    }
  }

  end({ held, totalCost, countedIn }: Task): void {
    for (const name of countedIn) {
      const sum = this.#sums.get(name);
      if (!sum) continue;
      sum.settled += totalCost;
      sum.held -= held;
      sum.active -= 1;
      this.#changed.add(name);
    }
  }

  /** After a commit. */
  check(database: MemoryDatabase): void {
    for (const name of this.#changed) {
      const sum = this.#sums.get(name);
      if (sum) this.#checkOne(name, sum, database);
    }
    this.#changed.clear();
  }

  #checkOne(name: string, { limit, settled, held, active }: Sum, database: MemoryDatabase): void {
    const count = database.limitCounts.get(name);
    const used = limit.kind === 'spend' ? settled + held : BigInt(active) * ONE_USD;
    if (used > limit.value) {
      this.#report('limits hold', null, `${name}: ${used} of ${limit.value} are used`);
    } else if (count?.settled !== settled || count.held !== held || count.active !== active) {
      const row = `${count?.settled} settled, ${count?.held} held, ${count?.active} active`;
      this.#report('limits hold', null, `${name}: ${row}, but ${settled}, ${held}, ${active}`);
    }
  }
}

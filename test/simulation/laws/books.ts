import type { Account } from '@runfleet/billing';
import { isTerminal, type Pico } from '@runfleet/protocol';
import type { Applied, MemoryDatabase } from '@runfleet/tasks/memory';

import { findBillFaults } from './bill-faults.ts';
import type { Report } from './laws.ts';
import { Ledger } from './ledger.ts';

type Task = Applied['changed'][number]['after'];

/** The money of a life. Reports each hold, charge, account and transfer that does not add up. */
export class Books {
  readonly #report: Report;
  readonly #ledger = new Ledger();

  constructor(report: Report) {
    this.#report = report;
  }

  hold({ organisationId, held }: Task): void {
    this.#ledger.hold(organisationId, held);
  }

  release({ organisationId, held }: Task): void {
    this.#ledger.release(organisationId, held);
  }

  checkBill(database: MemoryDatabase, taskId: string): void {
    const { cost, faults } = findBillFaults(database, taskId);
    for (const fault of faults) this.#report('exact bill', taskId, fault);
    this.#ledger.charge(cost);
  }

  /** Posts a commit's transfers, then checks its charges and every account that it touched. */
  post(database: MemoryDatabase, applied: Applied): void {
    for (const transfer of applied.transfers) this.#ledger.post(transfer);
    this.#checkCharges(applied);
    for (const id of listTouched(applied)) {
      const account = database.accounts.get(id);
      if (account) this.#checkAccount(id, account);
    }
  }

  checkNothingHeld(database: MemoryDatabase): void {
    for (const [id, account] of database.accounts) {
      if (account.held !== 0n || account.activeTasks !== 0) {
        this.#report('holds of live tasks', null, `account ${id} still holds ${account.held}`);
      }
    }
  }

  checkSums(): void {
    if (!this.#ledger.isRevenueCharged) {
      this.#report('true ledger', null, 'revenue is not the sum of the charges');
    }
    if (this.#ledger.sum() !== 0n) this.#report('true ledger', null, `sum ${this.#ledger.sum()}`);
  }

  #checkCharges({ changed, transfers }: Applied): void {
    for (const { before, after } of changed) {
      if (isTerminal(before.status) || !isTerminal(after.status)) continue;
      const charge = transfers
        .filter(({ businessKey }) => businessKey === `task:${after.id}:settle`)
        .reduce((sum, { amount }) => sum + amount, 0n);
      const isChargeable = after.outcome === 'succeeded';
      if (charge > after.held || (charge > 0n && !isChargeable) || charge !== after.totalCost) {
        const detail = `${after.outcome}, charged ${charge} of ${after.held}`;
        this.#report('one charge', after.id, detail);
      }
    }
  }

  #checkAccount(id: string, account: Account): void {
    const { available, held } = this.#ledger.of(id);
    const differ = (what: string, row: Pico, sum: Pico) => `${id}: ${what} ${row}, but ${sum}`;
    const row = account.balance - account.held;
    if (row !== available) {
      this.#report('true ledger', null, differ('available', row, available));
    }
    if (account.held !== held) {
      this.#report('true ledger', null, differ('held', account.held, held));
    }
    const live = this.#ledger.live(id);
    if (account.held !== live.held || account.activeTasks !== live.count) {
      this.#report('holds of live tasks', null, differ('held', account.held, live.held));
    }
  }
}

function listTouched({ created, changed, transfers }: Applied): ReadonlySet<string> {
  return new Set([
    ...created.map(({ state }) => state.organisationId),
    ...changed
      .filter(({ after }) => isTerminal(after.status))
      .map(({ after }) => after.organisationId),
    ...transfers.map(({ organisationId }) => organisationId),
  ]);
}

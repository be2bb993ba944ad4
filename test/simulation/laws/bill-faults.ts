import { cpsOf } from '@runfleet/billing';
import { parseUsd, type Pico } from '@runfleet/protocol';
import type { MemoryDatabase } from '@runfleet/tasks/memory';

import { billOf } from './bill.ts';

/** What an ended task must cost by its log, and how its row, receipt and cost event differ from that. */
export function findBillFaults(
  { tasks, events }: MemoryDatabase,
  id: string,
): { cost: Pico; faults: string[] } {
  const row = tasks.get(id);
  if (!row) return { cost: 0n, faults: [] };
  const { task, state, patch } = row;
  const { timeoutSeconds } = task;
  const cps = parseUsd(cpsOf(task.model.price));
  const isCharged = state.outcome === 'succeeded';
  const log = events.get(id) ?? [];
  const { cost, receipt } = billOf(log, { cps, timeoutSeconds, isCharged });
  const event = log.findLast(({ type }) => type === 'task_cost');
  const written = event?.type === 'task_cost' ? event.payload : null;
  const expected = write({ cost, receipt, billed: receipt.seconds.billed, event: receipt.cost });
  const { cps: price, seconds, cost: charged, used } = patch?.receipt ?? {};
  const actual = write({
    cost: state.totalCost,
    receipt: { cps: price, cost: charged, used, seconds },
    billed: written?.seconds,
    event: written?.cost,
  });
  const faults: string[] = [];
  if (actual !== expected) faults.push(`${actual}, not ${expected}`);
  if (state.held !== BigInt(timeoutSeconds) * cps) {
    faults.push(`held ${state.held} for ${timeoutSeconds} s at ${cps}`);
  }
  return { cost, faults };
}

const write = (value: unknown) =>
  JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? String(part) : part));

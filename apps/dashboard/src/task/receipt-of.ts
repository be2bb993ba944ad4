import type { WireTask } from '@runfleet/client';
import type { Receipt } from '@runfleet/protocol';

/** The receipt in a task's record; null before it is settled, and from servers that keep it out of the record. */
export function receiptOf(task: WireTask): Receipt | null {
  const receipt = task['receipt'];
  return typeof receipt === 'object' && receipt !== null && 'seconds' in receipt
    ? (receipt as Receipt)
    : null;
}

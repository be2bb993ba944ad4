import { INITIAL_STATUS, type TaskEvent } from '@runfleet/protocol';

import { textOf } from '../answer.ts';

/** What clients can read of each task: the deltas of its last attempt, put together. */
export class ReadableText {
  readonly #texts = new Map<string, string>();

  /** Answers what is wrong, or null. */
  happened(event: TaskEvent): string | null {
    const { taskId, epoch, type, payload } = event;
    if (type === INITIAL_STATUS) this.#texts.delete(taskId);
    if (type === 'task_output') {
      const text = `${this.#texts.get(taskId) ?? ''}${payload.raw}`;
      this.#texts.set(taskId, text);
      return difference(text, textOf({ taskId, epoch }, payload.tokens));
    }
    if (type !== 'task_output_full') return null;
    const text = this.#texts.get(taskId) ?? '';
    this.#texts.delete(taskId);
    return difference(text, payload.raw);
  }
}

function difference(read: string, written: string): string | null {
  return read === written ? null : `clients read "${read}", the worker wrote "${written}"`;
}

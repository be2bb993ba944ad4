import { INITIAL_STATUS, type TaskEvent } from '@runfleet/protocol';

import { textOf } from '../answer.ts';

/** The text that clients can read of each task: the joined deltas of its last attempt. */
export class ReadableText {
  readonly #texts = new Map<string, string>();

  /** Returns what is wrong with the text after this event, or null. */
  add(event: TaskEvent): string | null {
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

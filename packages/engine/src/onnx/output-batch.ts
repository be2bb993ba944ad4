import type { OutputChunk } from '../engine.ts';
import type { ThreadEnd, ThreadReport } from './thread-messages.ts';

/**
 * Output waits at most this long, plus the current turn, to be sent together with more; about one
 * frame of a screen.
 */
const WAIT_MS_MAX = 16;

/**
 * Collects the output of the steps, so that a fast model sends one message for several tokens: a
 * message costs both threads together 0.1 ms, on the cores that the model runs on. The first output
 * and the end of an answer are sent with the turn that produced them.
 */
export class OutputBatch {
  readonly #send: (report: ThreadReport) => void;
  readonly #outputs = new Map<number, OutputChunk & { id: number }>();
  readonly #started = new Set<number>();
  #ends: ThreadEnd[] = [];
  #isUrgent = false;
  #sentAt = 0;

  constructor(send: (report: ThreadReport) => void) {
    this.#send = send;
  }

  add(id: number, chunk: OutputChunk): void {
    if (!this.#started.has(id)) {
      this.#started.add(id);
      this.#isUrgent = true;
    }
    const held = this.#outputs.get(id);
    const logprobs = [...(held?.logprobs ?? []), ...(chunk.logprobs ?? [])];
    this.#outputs.set(id, {
      id,
      text: (held?.text ?? '') + chunk.text,
      tokens: chunk.tokens,
      ...(logprobs.length > 0 && { logprobs }),
    });
  }

  end(end: ThreadEnd): void {
    this.#started.delete(end.id);
    this.#ends.push(end);
    this.flush();
  }

  /** Call this after each turn: it sends what is urgent or has waited long enough. */
  turn(): void {
    if (this.#isUrgent || performance.now() - this.#sentAt >= WAIT_MS_MAX) this.flush();
  }

  flush(): void {
    if (this.#outputs.size === 0 && this.#ends.length === 0) return;
    const outputs = [...this.#outputs.values()];
    const ends = this.#ends;
    this.#outputs.clear();
    this.#ends = [];
    this.#isUrgent = false;
    this.#sentAt = performance.now();
    this.#send({ type: 'progress', outputs, ends });
  }
}

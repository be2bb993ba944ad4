import { createHash } from 'node:crypto';

import type { OutputGrammar } from '@runfleet/grammar';

import type { Reading } from './thread-messages.ts';

const BYTES_MAX = 4 * 2 ** 20;
/** Of an entry without the text of its refusal. */
const ENTRY_BYTES = 250;

/**
 * What earlier readings found, so that a schema that a tenant sends again costs nothing. Each tenant
 * has its own, because the time saved would reveal that another one has sent the same.
 */
export class KnownReadings {
  readonly #bytesMax: number;
  /** The most recently used last. */
  readonly #readings = new Map<string, Reading>();
  #bytes = 0;

  constructor(bytesMax = BYTES_MAX) {
    this.#bytesMax = bytesMax;
  }

  static keyOf(tenant: string, grammar: OutputGrammar): string {
    return createHash('sha256')
      .update(JSON.stringify([tenant, grammar]))
      .digest('base64');
  }

  get(key: string): Reading | undefined {
    const reading = this.#readings.get(key);
    if (!reading) return undefined;
    this.#readings.delete(key);
    this.#readings.set(key, reading);
    return reading;
  }

  add(key: string, reading: Reading): void {
    this.#delete(key);
    this.#readings.set(key, reading);
    this.#bytes += bytesOf(reading);
    for (const oldest of this.#readings.keys()) {
      if (this.#bytes <= this.#bytesMax) return;
      this.#delete(oldest);
    }
  }

  #delete(key: string): void {
    const reading = this.#readings.get(key);
    if (!reading) return;
    this.#readings.delete(key);
    this.#bytes -= bytesOf(reading);
  }
}

function bytesOf({ refusal }: Reading): number {
  return ENTRY_BYTES + 2 * ((refusal?.field.length ?? 0) + (refusal?.problem.length ?? 0));
}

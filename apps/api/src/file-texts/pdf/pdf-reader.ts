import { RunfleetError } from '@runfleet/protocol';

import { FILE_TURNS, TenantTurns } from '../../turns/tenant-turns.ts';
import { FileTextError } from '../file-text-error.ts';
import type { PdfLimits } from './pdf-messages.ts';
import { type ProcessLimits, readPdfInProcess } from './start-pdf-process.ts';

/** Processes at once. Each has a core and up to 512 MiB. */
const AT_ONCE = 2;

/** Who reads a file, and who pays for the work. */
export type FileReader = {
  /** Tenants take turns. */
  readonly tenant: string;
  /** Called when its turn comes. It may throw, and the file is then not read. */
  requireCredit(): void;
  /** Gets how long it took, also if there is no text. */
  spend(ms: number): void;
};

type Waiting = {
  readonly bytes: Uint8Array;
  readonly limits: PdfLimits;
  readonly reader: FileReader;
  readonly resolve: (text: string) => void;
  readonly reject: (error: unknown) => void;
};

/**
 * Reads PDFs, each in a process of its own. Few are read at once, one of each tenant, and tenants take
 * turns.
 */
export class PdfReader implements AsyncDisposable {
  readonly #onFailure: (cause: unknown) => void;
  readonly #process: { process?: ProcessLimits; entry?: URL };
  readonly #turns = new TenantTurns<Waiting>(FILE_TURNS);
  readonly #stop = new AbortController();
  /** By tenant. */
  readonly #reading = new Map<string, Promise<void>>();

  /** `onFailure` gets why a process failed that should not have. The other options are for tests. */
  constructor(
    options: {
      onFailure?: (cause: unknown) => void;
      process?: ProcessLimits;
      entry?: URL;
    } = {},
  ) {
    const { onFailure = () => {}, ...others } = options;
    this.#onFailure = onFailure;
    this.#process = others;
  }

  /** Throws `FileTextError`, and `rate_limited` or `unavailable` if too many wait. */
  read(bytes: Uint8Array, limits: PdfLimits, reader: FileReader): Promise<string> {
    return new Promise((resolve, reject) => {
      if (this.#stop.signal.aborted) throw unreadNow();
      this.#turns.add(reader.tenant, { bytes, limits, reader, resolve, reject });
      this.#readNext();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    for (let next = this.#turns.take(); next; next = this.#turns.take()) next.reject(unreadNow());
    await Promise.all(this.#reading.values());
  }

  #readNext(): void {
    while (this.#reading.size < AT_ONCE) {
      const next = this.#turns.take((tenant) => !this.#reading.has(tenant));
      if (!next) return;
      const { tenant } = next.reader;
      const reading = this.#read(next).finally(() => {
        this.#reading.delete(tenant);
        this.#readNext();
      });
      this.#reading.set(tenant, reading);
    }
  }

  async #read({ bytes, limits, reader, resolve, reject }: Waiting): Promise<void> {
    try {
      reader.requireCredit();
      resolve(await this.#readPaid(bytes, limits, reader));
    } catch (error) {
      reject(error);
    }
  }

  async #readPaid(bytes: Uint8Array, limits: PdfLimits, reader: FileReader): Promise<string> {
    const startedMs = performance.now();
    const { signal } = this.#stop;
    try {
      return await readPdfInProcess(bytes, limits, { ...this.#process, signal });
    } catch (cause) {
      if (cause instanceof FileTextError) throw cause;
      if (!signal.aborted) this.#onFailure(cause);
      throw unreadNow(cause);
    } finally {
      reader.spend(performance.now() - startedMs);
    }
  }
}

function unreadNow(cause?: unknown): RunfleetError {
  const message = 'The file could not be read right now. Try again shortly.';
  return new RunfleetError('unavailable', message, { cause });
}

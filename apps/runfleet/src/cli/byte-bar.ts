import { formatBytes } from './format-bytes.ts';

/** Reports the progress of a transfer; `bytesPerSecond` is 0 if it is not known. */
export type BytesProgress = (progress: {
  bytes: number;
  totalBytes: number;
  bytesPerSecond: number;
  detail: string;
}) => void;

const CLEAR_LINE = '\r\u001b[2K';
const CELLS = 24;
const REDRAW_MS = 100;
const LINE_EVERY_PERCENT = 10;
// Earlier, the rate is that of small files and does not predict the large one.
const ESTIMATED_FROM_SHARE = 0.01;

/** Shows the progress of a transfer of known size: a bar on a terminal, a line per 10 % elsewhere. */
export class ByteBar implements Disposable {
  readonly #stream: NodeJS.WriteStream;
  readonly #label: string;
  readonly #totalBytes: number;
  #drawnAt = Number.NEGATIVE_INFINITY;
  #reportedPercent = -LINE_EVERY_PERCENT;

  constructor(label: string, totalBytes: number, stream: NodeJS.WriteStream = process.stderr) {
    this.#label = label;
    this.#totalBytes = totalBytes;
    this.#stream = stream;
  }

  /** `detail` names the current item, such as a file; a rate of 0 means that it is not known. */
  show(bytes: number, bytesPerSecond: number, detail: string): void {
    const now = performance.now();
    const isWhole = bytes >= this.#totalBytes;
    if (now - this.#drawnAt < REDRAW_MS && !isWhole) return;
    this.#drawnAt = now;
    const share = this.#totalBytes === 0 ? 1 : Math.min(1, bytes / this.#totalBytes);
    const text = this.#describe(bytes, share, bytesPerSecond, detail);
    if (this.#stream.isTTY) {
      const filled = Math.round(share * CELLS);
      const bar = `${'█'.repeat(filled)}${'░'.repeat(CELLS - filled)}`;
      this.#stream.write(`${CLEAR_LINE}${`${bar} ${text}`.slice(0, this.#stream.columns - 1)}`);
    } else if (share * 100 >= this.#reportedPercent + LINE_EVERY_PERCENT) {
      this.#reportedPercent = Math.floor((share * 100) / LINE_EVERY_PERCENT) * LINE_EVERY_PERCENT;
      this.#stream.write(`… ${this.#label}: ${text}\n`);
    }
  }

  [Symbol.dispose](): void {
    if (this.#stream.isTTY) this.#stream.write(CLEAR_LINE);
  }

  #describe(bytes: number, share: number, rate: number, detail: string): string {
    const isEstimated = rate > 0 && share >= ESTIMATED_FROM_SHARE;
    const left = isEstimated ? Math.ceil((this.#totalBytes - bytes) / rate) : 0;
    return [
      `${Math.floor(share * 100)} %  ${formatBytes(bytes)} of ${formatBytes(this.#totalBytes)}`,
      ...(rate > 0 ? [`${formatBytes(rate)}/s`] : []),
      ...(left > 0 ? [`${left} s left`] : []),
      detail,
    ].join('  ');
  }
}

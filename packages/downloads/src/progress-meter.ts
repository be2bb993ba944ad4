/** `totalBytes` is null until the server announces it; `bytesPerSecond` covers the last 5 s. */
export type DownloadProgress = { bytes: number; totalBytes: number | null; bytesPerSecond: number };

const REPORT_MS = 100;
const WINDOW_MS = 5_000;

/** Reports the progress of a download, at most ten times a second. */
export class ProgressMeter {
  readonly #report: (progress: DownloadProgress) => void;
  #marks: { at: number; bytes: number }[] = [];

  constructor(report: (progress: DownloadProgress) => void) {
    this.#report = report;
  }

  /** Call it at the start of a connection, so that earlier bytes do not count in the rate. */
  restart(bytes: number): void {
    this.#marks = [{ at: performance.now(), bytes }];
  }

  count(bytes: number, totalBytes: number | null): void {
    const now = performance.now();
    const last = this.#marks.at(-1);
    if (last && now - last.at < REPORT_MS && bytes !== totalBytes) return;
    this.#marks = this.#marks.filter(({ at }) => now - at < WINDOW_MS);
    const first = this.#marks[0] ?? last;
    this.#marks.push({ at: now, bytes });
    const seconds = first ? (now - first.at) / 1_000 : 0;
    const bytesPerSecond = first && seconds > 0 ? (bytes - first.bytes) / seconds : 0;
    this.#report({ bytes, totalBytes, bytesPerSecond });
  }
}

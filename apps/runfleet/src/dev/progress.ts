import { secondsOf } from './start-times.ts';

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const FRAME_MS = 80;
// Some terminals report 0 columns.
const WIDTH_UNKNOWN = 80;
const CLEAR_LINE = '\r\u001b[2K';

/** Shows the running steps on stderr; several may run at once. */
export class Progress {
  readonly #stream: NodeJS.WriteStream;
  readonly #tookMs = new Map<string, number>();
  readonly #running = new Map<string, { label: string; detail: string; since: number }>();
  #timer: NodeJS.Timeout | null = null;
  #frame = 0;

  constructor(stream: NodeJS.WriteStream = process.stderr) {
    this.#stream = stream;
  }

  /** Runs `work` as a step, which reports details with `report`. `describe` turns its result into text. */
  async step<R>(
    label: string,
    work: (report: (detail: string) => void) => Promise<R>,
    describe: (result: R) => string = () => '',
  ): Promise<R> {
    const entry = { label, detail: '', since: performance.now() };
    this.#running.set(label, entry);
    this.#animate();
    try {
      const result = await work((detail) => {
        entry.detail = detail;
        if (!this.#stream.isTTY) this.#line(`… ${label}: ${detail}`);
      });
      this.#finish(entry, '✓', describe(result));
      return result;
    } catch (error) {
      this.#finish(entry, '✗', '');
      throw error;
    }
  }

  /** How long the step took, in ms; null if it did not run. */
  tookMs(label: string): number | null {
    return this.#tookMs.get(label) ?? null;
  }

  #finish(entry: { label: string; since: number }, mark: string, found: string): void {
    this.#running.delete(entry.label);
    const tookMs = performance.now() - entry.since;
    this.#tookMs.set(entry.label, tookMs);
    this.#line(
      `${mark} ${entry.label}${found === '' ? '' : `: ${found}`} (${secondsOf(tookMs)} s)`,
    );
    if (this.#running.size === 0 && this.#timer) {
      clearInterval(this.#timer);
      this.#timer = null;
    }
  }

  #line(text: string): void {
    this.#stream.write(this.#stream.isTTY ? `${CLEAR_LINE}${text}\n` : `${text}\n`);
  }

  #animate(): void {
    if (!this.#stream.isTTY || this.#timer) return;
    this.#timer = setInterval(() => {
      const steps = [...this.#running.values()].map(({ label, detail }) =>
        detail === '' ? label : `${label}: ${detail}`,
      );
      this.#frame = (this.#frame + 1) % FRAMES.length;
      const line = `${FRAMES[this.#frame]} ${steps.join(' · ')}`;
      this.#stream.write(
        `${CLEAR_LINE}${line.slice(0, (this.#stream.columns || WIDTH_UNKNOWN) - 1)}`,
      );
    }, FRAME_MS);
    this.#timer.unref();
  }
}

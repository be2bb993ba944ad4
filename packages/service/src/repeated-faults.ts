import type pino from 'pino';

const REPEAT_MS = 30_000;
/** Faults beyond this many kinds are logged every time. */
const KINDS_MAX = 200;
const MESSAGE_CHARACTERS = 200;
const WARN = 40;

type Repeated = { count: number; repeat: (count: number) => void };

/**
 * Keeps a repeated fault from filling the log: it is written once, and then at most every 30 s
 * with the count since. While a database is unavailable, every call fails in the same way.
 */
export class RepeatedFaults {
  readonly #kinds = new Map<string, Repeated>();

  /** Whether to write this line. `repeat` writes it again, with the count since. */
  isNew(
    line: { level: number; message: string; err: unknown },
    repeat: (count: number) => void,
  ): boolean {
    if (line.level < WARN || !(line.err instanceof Error)) return true;
    const kind = kindOf(line.level, line.message, line.err);
    const known = this.#kinds.get(kind);
    if (known) {
      known.count += 1;
      known.repeat = repeat;
      return false;
    }
    if (this.#kinds.size < KINDS_MAX) this.#remember(kind, repeat);
    return true;
  }

  #remember(kind: string, repeat: (count: number) => void): void {
    this.#kinds.set(kind, { count: 0, repeat });
    setTimeout(() => {
      const { count, repeat: repeatLast } = this.#kinds.get(kind) ?? { count: 0, repeat };
      this.#kinds.delete(kind);
      if (count === 0) return;
      repeatLast(count);
      this.#remember(kind, repeatLast);
    }, REPEAT_MS).unref();
  }
}

function kindOf(level: number, message: string, err: Error): string {
  const { code } = err as { code?: unknown };
  const cause = err.cause instanceof Error ? err.cause.message : '';
  const texts = [level, message, err.name, String(code), err.message, cause];
  return texts.map((text) => String(text).slice(0, MESSAGE_CHARACTERS)).join('\n');
}

/** The error (among the fields or instead of them) and the message of a call to pino. */
export function readLine(args: Parameters<pino.LogFn>): { err: unknown; message: string } {
  const [first, second] = args as unknown[];
  const err = first instanceof Error ? first : (Object(first) as { err?: unknown }).err;
  const message = typeof first === 'string' ? first : second;
  return { err, message: typeof message === 'string' ? message : '' };
}

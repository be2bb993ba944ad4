import type pino from 'pino';

const REPEAT_MS = 30_000;
/** More kinds of faults at once than this are logged each time. */
const KINDS_MAX = 200;
const MESSAGE_CHARACTERS = 200;
const WARN = 40;

type Repeated = { count: number; say: (count: number) => void };

/**
 * Keeps a fault that repeats from filling the log: it is written once, and then, at most every 30 s,
 * how often it came since. A database that is away fails every call in the same way.
 */
export class RepeatedFaults {
  readonly #kinds = new Map<string, Repeated>();

  /** Whether this line is to be written. `say` writes it again, with how often it came since. */
  isNew(
    line: { level: number; message: string; err: unknown },
    say: (count: number) => void,
  ): boolean {
    if (line.level < WARN || !(line.err instanceof Error)) return true;
    const kind = kindOf(line.level, line.message, line.err);
    const known = this.#kinds.get(kind);
    if (known) {
      known.count += 1;
      known.say = say;
      return false;
    }
    if (this.#kinds.size < KINDS_MAX) this.#remember(kind, say);
    return true;
  }

  #remember(kind: string, say: (count: number) => void): void {
    this.#kinds.set(kind, { count: 0, say });
    setTimeout(() => {
      const { count, say: sayLast } = this.#kinds.get(kind) ?? { count: 0, say };
      this.#kinds.delete(kind);
      if (count === 0) return;
      sayLast(count);
      this.#remember(kind, sayLast);
    }, REPEAT_MS).unref();
  }
}

function kindOf(level: number, message: string, err: Error): string {
  const { code } = err as { code?: unknown };
  const cause = err.cause instanceof Error ? err.cause.message : '';
  const texts = [level, message, err.name, String(code), err.message, cause];
  return texts.map((text) => String(text).slice(0, MESSAGE_CHARACTERS)).join('\n');
}

/** What pino was given: the error among the fields, or in their place, and the message. */
export function readLine(args: Parameters<pino.LogFn>): { err: unknown; message: string } {
  const [first, second] = args as unknown[];
  const err = first instanceof Error ? first : (Object(first) as { err?: unknown }).err;
  const message = typeof first === 'string' ? first : second;
  return { err, message: typeof message === 'string' ? message : '' };
}

import type { GgufFile } from './gguf-file.ts';
import type { GgufValue } from './gguf-header.ts';
import { refuse } from './refuse.ts';

/** Reads typed metadata. Each method throws `EngineError('model')` for a value of another kind. */
export class GgufFields {
  readonly #metadata: ReadonlyMap<string, GgufValue>;

  constructor({ metadata }: Pick<GgufFile, 'metadata'>) {
    this.#metadata = metadata;
  }

  number(key: string): number | undefined;
  number(key: string, fallback: number): number;
  number(key: string, fallback?: number): number | undefined {
    const value = this.#metadata.get(key) ?? fallback;
    if (value === undefined) return undefined;
    if (typeof value === 'number' && Number.isFinite(value)) return value;
    throw refuse(`has ${describe(value)} as ${key}; expected a number`);
  }

  /** A whole number of 1 or more. */
  count(key: string, fallback?: number): number {
    const value = this.#metadata.get(key) ?? fallback;
    if (typeof value === 'number' && Number.isSafeInteger(value) && value > 0) return value;
    throw refuse(`has ${describe(value)} as ${key}; expected a whole number above 0`);
  }

  text(key: string): string | undefined {
    const value = this.#metadata.get(key);
    if (value === undefined || typeof value === 'string') return value;
    throw refuse(`has ${describe(value)} as ${key}; expected text`);
  }

  isTrue(key: string, fallback = false): boolean {
    return (this.#metadata.get(key) ?? fallback) === true;
  }

  texts(key: string): readonly string[] {
    return this.#list(key, 'text', (item) => typeof item === 'string');
  }

  numbers(key: string): readonly number[] {
    return this.#list(key, 'numbers', (item) => typeof item === 'number');
  }

  #list<Item extends GgufValue>(
    key: string,
    expected: string,
    isItem: (item: GgufValue) => item is Item,
  ): readonly Item[] {
    const value = this.#metadata.get(key);
    if (Array.isArray(value) && value.every(isItem)) return value;
    throw refuse(`has ${describe(value)} as ${key}; expected a list of ${expected}`);
  }
}

function describe(value: GgufValue | undefined): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  return JSON.stringify(typeof value === 'bigint' ? String(value) : value).slice(0, 40);
}

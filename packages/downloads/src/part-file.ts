import { open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';

/** What must be unchanged for a part to be resumed. */
export type PartNote = {
  url: string;
  digest: string;
  etag: string | null;
  totalBytes: number | null;
};

/**
 * The bytes received so far in `<path>.part`, and a note on their origin in `<path>.part.json`. A part
 * without a readable note is not trusted.
 */
export class PartFile {
  readonly path: string;
  readonly #target: string;

  constructor(target: string) {
    this.#target = target;
    this.path = `${target}.part`;
  }

  /** The size and origin of an earlier part; null if there is none. */
  async read(): Promise<{ bytes: number; note: PartNote } | null> {
    try {
      const note = JSON.parse(await readFile(`${this.path}.json`, 'utf8')) as PartNote;
      const { size } = await stat(this.path);
      return size > 0 && typeof note.url === 'string' ? { bytes: size, note } : null;
    } catch {
      return null; // No part, or a damaged note: starting over is always safe.
    }
  }

  async writeNote(note: PartNote): Promise<void> {
    await writeFile(`${this.path}.json`, JSON.stringify(note));
  }

  async discard(): Promise<void> {
    await rm(`${this.path}.json`, { force: true });
    await rm(this.path, { force: true });
  }

  /** Syncs the part to disk, then renames it, so that the target is always complete. */
  async finish(): Promise<void> {
    const handle = await open(this.path, 'r+');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(this.path, this.#target);
    await rm(`${this.path}.json`, { force: true });
  }
}

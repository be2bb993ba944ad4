import { open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';

/** What must be the same for a part to be gone on with. */
export type PartNote = {
  url: string;
  digest: string;
  etag: string | null;
  totalBytes: number | null;
};

/**
 * The bytes so far in `<path>.part`, and beside them in `<path>.part.json` where they came from.
 * A part without a readable note is not trusted.
 */
export class PartFile {
  readonly path: string;
  readonly #target: string;

  constructor(target: string) {
    this.#target = target;
    this.path = `${target}.part`;
  }

  /** Bytes that can be gone on from, with what the server said of them; null where there are none. */
  async read(): Promise<{ bytes: number; note: PartNote } | null> {
    try {
      const note = JSON.parse(await readFile(`${this.path}.json`, 'utf8')) as PartNote;
      const { size } = await stat(this.path);
      return size > 0 && typeof note.url === 'string' ? { bytes: size, note } : null;
    } catch {
      return null; // No part, or half a note: the download starts over, which is always right.
    }
  }

  async writeNote(note: PartNote): Promise<void> {
    await writeFile(`${this.path}.json`, JSON.stringify(note));
  }

  async discard(): Promise<void> {
    await rm(`${this.path}.json`, { force: true });
    await rm(this.path, { force: true });
  }

  /** To the disk, then under its name: whoever sees the name sees the whole file. */
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

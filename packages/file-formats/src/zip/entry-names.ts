import { refusal } from '../refusal.ts';
import type { CheckedEntry } from './check-entry.ts';

/**
 * Refuses entries of one archive that would be the same file, also on a file system that ignores
 * case or the Unicode form, and files that are folders of others.
 */
export class EntryNames {
  readonly #files = new Set<string>();
  readonly #folders = new Set<string>();

  add({ path, isFolder }: CheckedEntry): void {
    const parts = path.map((part) => part.normalize('NFC').toLowerCase());
    const name = parts.join('/');
    for (let depth = 1; depth < parts.length; depth += 1) {
      this.#addFolder(parts.slice(0, depth).join('/'), path);
    }
    if (isFolder) this.#addFolder(name, path);
    else if (this.#files.has(name)) throw refused(path, 'is in it twice');
    else if (this.#folders.has(name)) throw refused(path, 'is a file and a folder');
    else this.#files.add(name);
  }

  #addFolder(name: string, path: readonly string[]): void {
    if (this.#files.has(name)) throw refused(path, 'is inside of a file');
    this.#folders.add(name);
  }
}

function refused(path: readonly string[], problem: string): Error {
  const shown = JSON.stringify(path.join('/').slice(0, 100));
  return refusal(`The zip archive cannot be unpacked: ${shown} ${problem}.`);
}

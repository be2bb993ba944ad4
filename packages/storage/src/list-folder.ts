import { opendir, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { nullIfAbsent } from './null-if-absent.ts';
import { isKeySegment } from './object-key.ts';
import { LIST_PAGE_OBJECTS, type ListedObject } from './object-storage.ts';

/** The files below a folder of `root` in pages. Files whose names are no keys are not objects. */
export async function* listFolder(
  root: string,
  segments: readonly string[],
): AsyncGenerator<readonly ListedObject[]> {
  let page: ListedObject[] = [];
  for await (const object of walk(root, segments)) {
    page.push(object);
    if (page.length === LIST_PAGE_OBJECTS) {
      yield page;
      page = [];
    }
  }
  if (page.length > 0) yield page;
}

async function* walk(root: string, segments: readonly string[]): AsyncGenerator<ListedObject> {
  const folder = await opendir(join(root, ...segments)).catch(nullIfAbsent);
  if (folder === null) return;
  for await (const entry of folder) {
    if (!isKeySegment(entry.name)) continue;
    const inner = [...segments, entry.name];
    if (entry.isDirectory()) yield* walk(root, inner);
    if (!entry.isFile()) continue;
    const found = await stat(join(root, ...inner)).catch(nullIfAbsent);
    if (found !== null)
      yield { key: inner.join('/'), sizeBytes: found.size, modifiedAt: found.mtime };
  }
}

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { type ZipPart, zipOf } from '../zip/zip-of.ts';
import { checkZipDocument } from './check-zip-document.ts';

type Extension = 'docx' | 'xlsx' | 'pptx' | 'epub' | 'zip';

const TYPES = { name: '[Content_Types].xml', data: '<Types/>' };
const EPUB = [
  { name: 'mimetype', data: 'application/epub+zip', isStored: true },
  { name: 'META-INF/container.xml', data: '<container/>' },
];
const DOCX = [TYPES, { name: 'word/document.xml', data: '<document/>' }];

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'zip-document-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function check(extension: Extension, parts: ZipPart[]): Promise<void> {
  const path = join(folder, 'document');
  await writeFile(path, zipOf(parts));
  await checkZipDocument(path, { extension });
}

test.for<[Extension, ZipPart[]]>([
  ['docx', DOCX],
  ['xlsx', [TYPES, { name: 'xl/workbook.xml', data: '<workbook/>' }]],
  ['pptx', [TYPES, { name: 'ppt/presentation.xml', data: '<presentation/>' }]],
  ['epub', EPUB],
  ['zip', [{ name: 'a.txt', data: 'x' }]],
])('a %s document is accepted', async ([extension, parts]) => {
  await expect(check(extension, parts)).resolves.toBeUndefined();
});

test.for<[Extension, string, ZipPart[], string]>([
  ['docx', 'an archive', [{ name: 'a.txt' }], 'it has no [Content_Types].xml'],
  ['xlsx', 'a docx', DOCX, 'it has no xl/workbook.xml'],
  ['epub', 'an archive', [{ name: 'a.txt' }], 'it has no mimetype'],
  [
    'epub',
    'of another mimetype',
    [{ name: 'mimetype', data: 'text/html' }, ...EPUB.slice(1)],
    'its mimetype is another',
  ],
  [
    'epub',
    'of a long mimetype',
    [{ name: 'mimetype', data: 'x'.repeat(1e6) }, ...EPUB.slice(1)],
    'its mimetype is another',
  ],
  ['docx', 'with a path out of it', [...DOCX, { name: '../a' }], 'cannot be unpacked'],
])('a %s that is %s is refused', async ([extension, , parts, reason]) => {
  await expect(check(extension, parts)).rejects.toMatchObject({
    kind: 'invalid_request',
    message: expect.stringContaining(reason),
  });
});

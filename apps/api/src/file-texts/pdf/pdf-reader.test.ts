import { expect, onTestFinished, test } from 'vitest';

import { type FileReader, PdfReader } from './pdf-reader.ts';
import { drawn, pdfOf, pdfOfPages, streamOf } from './testing-pdf.ts';

const LIMITS = { pages: 10, characters: 1_000 };
const MIB = 2 ** 20;

function openReader(options?: ConstructorParameters<typeof PdfReader>[0]): PdfReader {
  const reader = new PdfReader(options);
  onTestFinished(() => reader[Symbol.asyncDispose]());
  return reader;
}

function by(tenant: string, changes: Partial<FileReader> = {}): FileReader {
  return { tenant, requireCredit: () => {}, spend: () => {}, ...changes };
}

/** A PDF of one page, whose objects are added from 4. */
function onePage(page: string, ...objects: (string | Buffer)[]): Buffer {
  return pdfOf([
    '<</Type /Catalog /Pages 2 0 R>>',
    '<</Type /Pages /Count 1 /Kids [3 0 R] /MediaBox [0 0 600 800]>>',
    `<</Type /Page /Parent 2 0 R ${page}>>`,
    ...objects,
  ]);
}

/** Without its font file and without a map to Unicode: the library's own maps give the characters. */
const JAPANESE = onePage(
  '/Contents 4 0 R /Resources <</Font <</F 5 0 R>>>>',
  streamOf('BT /F 12 Tf 50 750 Td <6E2F306F516D6642> Tj ET'),
  '<</Type /Font /Subtype /Type0 /BaseFont /HeiseiMin-W3 /Encoding /UniJIS-UCS2-H /DescendantFonts [6 0 R]>>',
  `<</Type /Font /Subtype /CIDFontType0 /BaseFont /HeiseiMin-W3 /DW 1000 /FontDescriptor 7 0 R
    /CIDSystemInfo <</Registry (Adobe) /Ordering (Japan1) /Supplement 2>>>>`,
  '<</Type /FontDescriptor /FontName /HeiseiMin-W3 /Flags 4 /FontBBox [0 0 1000 1000] /Ascent 800 /Descent -200 /ItalicAngle 0 /StemV 90 /CapHeight 700>>',
);

test('the text of a PDF has its lines, and an empty line between its pages', async () => {
  const reader = openReader();
  const pages = [['The harbour opens at six.', 'Boats leave every hour.'], [], ['The last one.']];
  await expect(reader.read(pdfOfPages(pages), LIMITS, by('a'))).resolves.toBe(
    'The harbour opens at six.\nBoats leave every hour.\n\nThe last one.',
  );
  await expect(reader.read(JAPANESE, LIMITS, by('a'))).resolves.toBe('港は六時');
});

const LOCK = `/Encrypt <</Filter /Standard /V 2 /R 3 /Length 128 /P -4 /O <${'ab'.repeat(32)}> /U <${'cd'.repeat(32)}>>> /ID [<ab> <ab>]`;

test.each([
  ['without text', pdfOfPages([[], []]), 'has no text: its pages may be pictures of text'],
  ['with a password', pdfOf(['<</Type /Catalog>>'], LOCK), 'is protected by a password'],
  ['that is damaged', Buffer.from('%PDF-1.7\nnot a PDF'), 'is not a readable PDF'],
  ['cut in the middle', pdfOfPages([['x']]).subarray(0, 150), 'is not a readable PDF'],
  ['with too many pages', pdfOfPages(Array.from({ length: 11 }, () => ['x'])), 'has 11 pages'],
  ['with too much text', pdfOfPages([Array(11).fill('x'.repeat(99))]), 'has more than 1000 char'],
])('a PDF %s is refused with the reason', async (_, bytes, problem) => {
  const failures: unknown[] = [];
  const reader = openReader({ onFailure: (cause) => failures.push(cause) });
  await expect(reader.read(bytes, LIMITS, by('a'))).rejects.toMatchObject({
    name: 'FileTextError',
    message: expect.stringContaining(problem),
  });
  expect(failures).toEqual([]);
});

/** A megabyte of file, and a gigabyte of drawing. */
const bomb = () => onePage('/Contents 4 0 R', streamOf(Buffer.alloc(1_000 * MIB, 'q Q ')));

/** Each form draws the next one a hundred times. */
const endless = () => {
  const form = (index: number) =>
    streamOf(
      '/X Do '.repeat(100),
      `/Type /XObject /Subtype /Form /BBox [0 0 1 1] /Resources <</XObject <</X ${index + 1} 0 R>>>>`,
    );
  return onePage(
    '/Contents 4 0 R /Resources <</XObject <</X 5 0 R>> >>',
    streamOf('/X Do'),
    ...Array.from({ length: 10 }, (_, index) => form(5 + index)),
    streamOf(drawn(['end']), '/Type /XObject /Subtype /Form /BBox [0 0 1 1]'),
  );
};

test.each([
  ['memory', bomb, { ms: 20_000, residentBytes: 300 * MIB }, 'takes too much memory to read'],
  ['time', endless, { ms: 2_000, residentBytes: 512 * MIB }, 'takes more than 2 s to read'],
])(
  'a PDF that takes too much %s ends only its own process',
  async (_, hostile, limits, problem) => {
    const reader = openReader({ process: limits });
    const spent: number[] = [];
    const paying = by('a', { spend: (ms) => spent.push(ms) });
    const read = reader.read(hostile(), LIMITS, paying);
    // With the usual limits, because a busy machine may need seconds to start a process.
    const beside = openReader().read(pdfOfPages([['beside']]), LIMITS, by('b'));
    await expect(read).rejects.toMatchObject({ name: 'FileTextError', message: problem });
    await expect(beside).resolves.toBe('beside');
    expect(spent).toEqual([expect.any(Number)]);
  },
);

test('tenants take turns, one without credit loses its turns, and few of one tenant wait', async () => {
  const reader = openReader();
  const turns: string[] = [];
  const pdf = pdfOfPages([['x']]);
  let credit = 2;
  const flooding = by('flooding', {
    requireCredit() {
      if (credit === 0) throw new Error('no credit');
      credit -= 1;
      turns.push('flooding');
    },
  });
  const flood = Array.from({ length: 12 }, () => reader.read(pdf, LIMITS, flooding));
  const others = ['a', 'b'].map((tenant) =>
    reader.read(pdf, LIMITS, by(tenant, { requireCredit: () => turns.push(tenant) })),
  );
  const read = await Promise.allSettled(flood);
  await Promise.all(others);
  // The first one is read at once, and one of another tenant beside it.
  expect(turns.slice(0, 2)).toEqual(['flooding', 'a']);
  expect(turns.toSorted()).toEqual(['a', 'b', 'flooding', 'flooding']);
  expect(read.flatMap((end) => (end.status === 'rejected' ? [end.reason.message] : []))).toEqual([
    ...Array.from({ length: 9 }, () => 'no credit'),
    'Too many of your files wait to be read. Try again shortly.',
  ]);
});

test('a process that fails on its own is reported, and its file can be sent again', async () => {
  const failures: unknown[] = [];
  const onFailure = (cause: unknown) => failures.push(cause);
  const reader = openReader({ onFailure, entry: new URL('missing.mjs', import.meta.url) });
  const read = reader.read(pdfOfPages([['x']]), LIMITS, by('a'));
  await expect(read).rejects.toMatchObject({ kind: 'unavailable' });
  expect(failures).toEqual([expect.any(Error)]);
});

test('a file that is read or waits when the role stops is answered', async () => {
  const reader = openReader();
  const [reading, waiting] = [1, 2].map(() => reader.read(endless(), LIMITS, by('a')));
  const ended = Promise.allSettled([reading, waiting]);
  await reader[Symbol.asyncDispose]();
  expect((await ended).map((end) => end.status)).toEqual(['rejected', 'rejected']);
  await expect(reader.read(endless(), LIMITS, by('a'))).rejects.toMatchObject({
    kind: 'unavailable',
  });
});

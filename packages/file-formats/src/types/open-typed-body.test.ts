import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';

import { describe, expect, test } from 'vitest';

import { zipOf } from '../zip/zip-of.ts';
import { FILE_TYPES } from './file-types.ts';
import { openTypedBody } from './open-typed-body.ts';

const latin1 = (text: string) => Buffer.from(text, 'latin1');
/** A file of the ISO base media format with that brand. */
const media = (brand: string) => latin1(`\0\0\0\u0018ftyp${brand}\0\0\0\0${brand}isom`);
const ZIP = zipOf([{ name: 'a', data: 'x' }]);

/** The beginning of a file of each type. */
const CONTENTS: Record<keyof typeof FILE_TYPES, Buffer> = {
  jpg: latin1('\u00ff\u00d8\u00ff\u00e0\0\u0010JFIF\0\u0001'),
  jpeg: latin1('\u00ff\u00d8\u00ff\u00e1\0\u0010Exif\0\0MM\0*\0\0\0\u0008\0\0'),
  png: latin1(
    '\u0089PNG\r\n\u001a\n\0\0\0\rIHDR\0\0\0\u0001\0\0\0\u0001\u0008\u0006\0\0\0\u001f\u0015\u00c4\u0089\0\0\0\0IDATxxxx',
  ),
  gif: latin1('GIF89a\u0001\0\u0001\0'),
  webp: latin1('RIFF\u0010\0\0\0WEBPVP8 \0\0\0\0'),
  heic: media('heic'),
  mp4: media('isom'),
  webm: latin1('\u001a\u0045\u00df\u00a3\u0087\u0042\u0082\u0084webm'),
  mov: media('qt  '),
  mp3: latin1('ID3\u0003\0\0\0\0\0\0\u00ff\u00fb\u0090\u0064'),
  wav: latin1('RIFF\u0010\0\0\0WAVEfmt \0\0\0\0'),
  m4a: media('M4A '),
  pdf: latin1('%PDF-1.7\n'),
  csv: Buffer.from('a,b\n1,2\n'),
  txt: Buffer.from('Grüße 🌍'),
  md: Buffer.from('# Title\n'),
  docx: ZIP,
  xlsx: ZIP,
  pptx: ZIP,
  epub: ZIP,
  zip: ZIP,
};

async function typeOf(name: string, content: Uint8Array | Uint8Array[]): Promise<string> {
  const chunks = content instanceof Uint8Array ? [content] : content;
  const { type, body } = await openTypedBody(name, Readable.from(chunks));
  expect((await buffer(body)).equals(Buffer.concat(chunks))).toBe(true);
  return type.contentType;
}

test.for(Object.entries(CONTENTS))('a %s file has its content type', async ([name, content]) => {
  const { contentType } = FILE_TYPES[name as keyof typeof FILE_TYPES];
  expect(await typeOf(`my file.${name}`, content)).toBe(contentType);
  expect(await typeOf(`MY.FILE.${name.toUpperCase()}`, content)).toBe(contentType);
});

const HTML = Buffer.from('<!doctype html><script>alert(1)</script>');
const SVG = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>');
const PROGRAM = latin1('\u007fELF\u0002\u0001\u0001\0\0');

describe('a file that lies about its type is refused', () => {
  test.for<[string, Buffer]>([
    ['page.png', HTML],
    ['picture.jpg', SVG],
    ['document.pdf', HTML],
    ['sound.mp3', HTML],
    ['film.mp4', CONTENTS.mov],
    ['film.webm', latin1('\u001a\u0045\u00df\u00a3\u008b\u0042\u0082\u0088matroska')],
    ['picture.png', CONTENTS.jpg],
    ['picture.webp', CONTENTS.wav],
    ['picture.heic', CONTENTS.mp4],
    ['archive.zip', HTML],
    ['letter.docx', CONTENTS.pdf],
    ['empty.png', Buffer.of()],
    ['short.png', CONTENTS.png.subarray(0, 3)],
    ['program.txt', PROGRAM],
    ['picture.txt', CONTENTS.png],
    ['picture.csv', CONTENTS.jpg],
    ['archive.md', ZIP],
    ['latin1.txt', latin1('Gr\u00fc\u00dfe')],
    ['utf16-without-mark.txt', Buffer.from('text', 'utf16le')],
    ['half-a-character.txt', Buffer.from('🌍').subarray(0, 3)],
    ['lone-surrogate.txt', latin1('\u00ff\u00fea\0\u0000\u00d8b\0')],
  ])('%s', async ([name, content]) => {
    await expect(typeOf(name, content)).rejects.toMatchObject({
      kind: 'invalid_request',
      message: expect.stringMatching(/is not a \w+ file/),
    });
  });

  test('also if the lie is at the end of a large text', async () => {
    const chunks = [...Array.from({ length: 100 }, () => Buffer.alloc(65_536, 'a')), PROGRAM];
    await expect(typeOf('a.txt', chunks)).rejects.toThrow('is not a text file');
  });
});

test.for([
  'page.html',
  'picture.svg',
  'program.exe',
  'noextension',
  '.gitignore',
  'a.',
  'a.toString',
  '',
])('the name %s is refused with the accepted types', async (name) => {
  await expect(typeOf(name, HTML)).rejects.toThrow('Accepted are: jpg, jpeg, png');
});

test('text may begin like a file of another type', async () => {
  expect(await typeOf('a.txt', Buffer.from('BM and MZ are initials'))).toBe('text/plain');
});

test('UTF-16 with a byte order mark is text', async () => {
  const little = Buffer.from('\ufeffGrüße', 'utf16le');
  expect(await typeOf('a.txt', little)).toBe('text/plain');
  expect(await typeOf('a.txt', Buffer.from(little).swap16())).toBe('text/plain');
});

test('text may be cut at any byte, and an empty text is text', async () => {
  const bytes = [...Buffer.from('Grüße 🌍')].map((byte) => Buffer.of(byte));
  expect(await typeOf('a.txt', bytes)).toBe('text/plain');
  expect(await typeOf('a.txt', Buffer.of())).toBe('text/plain');
});

test('a body is released once its file is refused, and read no further than its head', async () => {
  let chunks = 0;
  let isReleased = false;
  async function* endless() {
    try {
      for (;;) {
        chunks += 1;
        yield Buffer.alloc(16 * 1024, '<');
      }
    } finally {
      isReleased = true;
    }
  }

  await expect(openTypedBody('a.png', endless())).rejects.toThrow('is not a png file');
  expect(isReleased).toBe(true);
  expect(chunks).toBe(4);
});

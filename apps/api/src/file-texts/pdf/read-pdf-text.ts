import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

import type { PDFDocumentProxy } from 'pdfjs-dist/legacy/build/pdf.mjs';

import { FileTextError } from '../file-text-error.ts';
import type { PdfLimits } from './pdf-messages.ts';

const FOLDER = dirname(createRequire(import.meta.url).resolve('pdfjs-dist/package.json'));
/** Only errors. */
const VERBOSITY = 0;

/** The text of a PDF, page after page. Throws `FileTextError`. A hostile file can make it take any time and memory. */
export async function readPdfText(bytes: Uint8Array, limits: PdfLimits): Promise<string> {
  const { getDocument } = await openLibrary();
  const task = getDocument({
    data: bytes,
    verbosity: VERBOSITY,
    cMapUrl: join(FOLDER, 'cmaps/'),
    cMapPacked: true,
    standardFontDataUrl: join(FOLDER, 'standard_fonts/'),
    useSystemFonts: false,
    isEvalSupported: false,
    enableXfa: false,
    stopAtErrors: false,
  });
  try {
    return await readPages(await task.promise, limits);
  } catch (error) {
    throw explained(error);
  }
}

async function readPages(pdf: PDFDocumentProxy, limits: PdfLimits): Promise<string> {
  if (pdf.numPages > limits.pages) {
    throw new FileTextError(`has ${pdf.numPages} pages, and at most ${limits.pages} are read`);
  }
  const pages: string[] = [];
  let characters = 0;
  for (let number = 1; number <= pdf.numPages; number += 1) {
    const text = await readPage(pdf, number);
    characters += text.length;
    if (characters > limits.characters) {
      throw new FileTextError(`has more than ${limits.characters} characters of text`);
    }
    if (text !== '') pages.push(text);
  }
  if (pages.length > 0) return pages.join('\n\n');
  throw new FileTextError('has no text: its pages may be pictures of text');
}

async function readPage(pdf: PDFDocumentProxy, number: number): Promise<string> {
  const page = await pdf.getPage(number);
  const { items } = await page.getTextContent();
  page.cleanup();
  const texts = items.map((item) => ('str' in item ? `${item.str}${item.hasEOL ? '\n' : ''}` : ''));
  // A font can map its glyphs to anything, and Postgres stores neither of these.
  return texts.join('').replaceAll('\0', '').toWellFormed().trim();
}

async function openLibrary() {
  // The library creates one when it is loaded, for drawings, which are never made here.
  Object.assign(globalThis, { DOMMatrix: class {}, Path2D: class {}, ImageData: class {} });
  const { getDocument, GlobalWorkerOptions } = await import('pdfjs-dist/legacy/build/pdf.mjs');
  // It runs in this thread: the whole process reads one file.
  GlobalWorkerOptions.workerSrc = pathToFileURL(join(FOLDER, 'legacy/build/pdf.worker.mjs')).href;
  return { getDocument };
}

function explained(error: unknown): FileTextError {
  if (error instanceof FileTextError) return error;
  const isLocked = error instanceof Error && error.name === 'PasswordException';
  const problem = isLocked ? 'is protected by a password' : 'is not a readable PDF';
  return new FileTextError(problem, { cause: error });
}

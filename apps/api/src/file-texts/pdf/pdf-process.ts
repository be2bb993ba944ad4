// Reads one PDF, sends its text and ends. A PDF is a program for a large interpreter, so it is read in a
// process of its own: it blocks no one else, and its memory, buffers outside the heap included, can be bounded.
import { setPriority } from 'node:os';

import { FileTextError } from '../file-text-error.ts';
import type { PdfCall, PdfReport } from './pdf-messages.ts';
import { readPdfText } from './read-pdf-text.ts';

/** Lower priority: the process of the API matters more if there are few cores. */
const NICENESS = 10;

setPriority(NICENESS);
process.once('message', (call: PdfCall) => {
  void read(call).then((report) => process.send?.(report, () => process.disconnect()));
});
process.send?.('ready');

async function read({ bytes, limits }: PdfCall): Promise<PdfReport> {
  try {
    // The library takes no Buffer.
    return { text: await readPdfText(new Uint8Array(bytes), limits) };
  } catch (error) {
    if (error instanceof FileTextError) return { problem: error.message };
    throw error;
  }
}

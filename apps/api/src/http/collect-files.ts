import { cleanFileName, type InputFile } from '../file-texts/input-file.ts';
import type { TakeFile } from './parse-multipart-body.ts';

/** The files of a form, each with the parameter under which it was sent. */
export type SentFile = InputFile & { readonly parameter: string };

/** Collects the files of a form whose body is in memory already. They are complete once it is parsed. */
export function collectFiles(): { takeFile: TakeFile; files(): SentFile[] } {
  const collected: { parameter: string; name: string; chunks: Buffer[] }[] = [];
  return {
    takeFile({ name: parameter, fileName, content }) {
      const chunks: Buffer[] = [];
      collected.push({ parameter, name: cleanFileName(fileName), chunks });
      content.on('data', (chunk: Buffer) => void chunks.push(chunk));
    },
    files: () =>
      collected.map(({ chunks, ...file }) => ({ ...file, bytes: Buffer.concat(chunks) })),
  };
}

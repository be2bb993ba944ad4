import { isUtf8 } from 'node:buffer';
import type { Readable } from 'node:stream';

import { Busboy, type BusboyInstance } from '@fastify/busboy';
import { RunfleetError } from '@runfleet/protocol';

const PARTS_MAX = 200;
const NAME_BYTES_MAX = 200;

/** A file of a form. */
type FilePart = { name: string; fileName: string; contentType: string; content: Readable };

/** Takes a file, and reads its content to the end. Throws where the call does not accept it. */
export type TakeFile = (part: FilePart) => void;

/** For calls without files: a file is refused by its name rather than dropped. */
export const refuseFiles: TakeFile = ({ name }) => {
  throw new RunfleetError(
    'invalid_request',
    `Request parameter [${name}] is a file, and files are not accepted here.`,
  );
};

/**
 * Parses the text parts of a form; a repeated name becomes a list. `takeFile` gets its files. Throws
 * `invalid_request`.
 */
export async function parseMultipartBody(
  bytes: Buffer,
  contentType: string,
  takeFile: TakeFile,
): Promise<Record<string, unknown>> {
  const { fields, files } = await collect(bytes, contentType, takeFile);
  if (files === 0 && !isUtf8(bytes)) {
    throw new RunfleetError('invalid_request', 'Request body is not valid UTF-8.');
  }
  return Object.fromEntries(fields);
}

function collect(
  bytes: Buffer,
  contentType: string,
  takeFile: TakeFile,
): Promise<{ fields: Map<string, unknown>; files: number }> {
  return new Promise((resolve, reject) => {
    const fields = new Map<string, unknown>();
    const refuse = (message: string, cause?: unknown) => {
      reject(new RunfleetError('invalid_request', message, { cause }));
    };
    const refuseForm = (cause: unknown) => {
      refuse('Request body is not a valid multipart form.', cause);
    };
    const parser = open(bytes, contentType, refuseForm);
    parser?.on('field', (name, value, isNameCut) => {
      if (isNameCut) refuse(`A field's name is longer than ${NAME_BYTES_MAX} bytes.`);
      else fields.set(name, fields.has(name) ? [fields.get(name), value].flat() : value);
    });
    let files = 0;
    parser?.on('file', (name, content, fileName, _encoding, partType) => {
      // A file that is cut off fails on its own stream, too.
      content.on('error', refuseForm);
      const take = () => {
        files += 1;
        try {
          takeFile({ name, fileName, contentType: partType, content });
        } catch (error) {
          reject(error);
          content.resume();
        }
      };
      if (fileName) take();
      else {
        // A browser sends an empty file field as a part without name and bytes.
        content.once('readable', () => (content.readableLength > 0 ? take() : content.resume()));
      }
    });
    parser?.on('partsLimit', () => refuse(`Request body has more than ${PARTS_MAX} parts.`));
    parser?.on('error', refuseForm);
    parser?.on('finish', () => resolve({ fields, files }));
    parser?.end(bytes);
  });
}

/** Creates the parser, which throws if the boundary is missing. */
function open(
  bytes: Buffer,
  contentType: string,
  refuse: (cause: unknown) => void,
): BusboyInstance | null {
  try {
    return new Busboy({
      headers: { 'content-type': contentType },
      limits: { parts: PARTS_MAX, fieldNameSize: NAME_BYTES_MAX, fieldSize: bytes.length },
    });
  } catch (error) {
    refuse(error);
    return null;
  }
}

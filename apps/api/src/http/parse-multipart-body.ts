import { isUtf8 } from 'node:buffer';

import { Busboy, type BusboyInstance } from '@fastify/busboy';
import { RunfleetError } from '@runfleet/protocol';

const PARTS_MAX = 200;
const NAME_BYTES_MAX = 200;

/**
 * Parses the text parts of a form; a repeated name becomes a list. Files are not supported yet, so a
 * file part is refused by its name rather than dropped. Throws `invalid_request`.
 */
export async function parseMultipartBody(
  bytes: Buffer,
  contentType: string,
): Promise<Record<string, unknown>> {
  if (!isUtf8(bytes)) {
    // If the other bytes belong to a file, `collect` refuses it with a better message.
    await collect(bytes, contentType);
    throw new RunfleetError('invalid_request', 'Request body is not valid UTF-8.');
  }
  return Object.fromEntries(await collect(bytes, contentType));
}

function collect(bytes: Buffer, contentType: string): Promise<Map<string, unknown>> {
  return new Promise((resolve, reject) => {
    const fields = new Map<string, unknown>();
    const refuse = (message: string, cause?: unknown) => {
      reject(new RunfleetError('invalid_request', message, { cause }));
    };
    const parser = open(bytes, contentType, refuse);
    parser?.on('field', (name, value, isNameCut) => {
      if (isNameCut) refuse(`A field's name is longer than ${NAME_BYTES_MAX} bytes.`);
      else fields.set(name, fields.has(name) ? [fields.get(name), value].flat() : value);
    });
    parser?.on('file', (name, file, filename) => {
      // A browser sends an empty file field as a part without name and bytes.
      let sizeBytes = 0;
      file.on('data', (chunk: Buffer) => (sizeBytes += chunk.length));
      file.on('end', () => {
        if (filename || sizeBytes > 0) {
          refuse(`Request parameter [${name}] is a file, and files are not accepted here.`);
        }
      });
    });
    parser?.on('partsLimit', () => refuse(`Request body has more than ${PARTS_MAX} parts.`));
    parser?.on('error', (error) => refuse('Request body is not a valid multipart form.', error));
    parser?.on('finish', () => resolve(fields));
    parser?.end(bytes);
  });
}

/** Creates the parser, which throws if the boundary is missing. */
function open(
  bytes: Buffer,
  contentType: string,
  refuse: (message: string, cause: unknown) => void,
): BusboyInstance | null {
  try {
    return new Busboy({
      headers: { 'content-type': contentType },
      limits: { parts: PARTS_MAX, fieldNameSize: NAME_BYTES_MAX, fieldSize: bytes.length },
    });
  } catch (error) {
    refuse('Request body is not a valid multipart form.', error);
    return null;
  }
}

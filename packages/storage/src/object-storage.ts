import type { Readable } from 'node:stream';

/**
 * Where the files of tasks live. Names, owners, content types and access belong to the database; an
 * adapter only keeps bytes under a key.
 *
 * A key is 1 to 512 characters: segments of letters, digits, `.`, `_` and `-`, joined by `/`, none of
 * them starting with a dot. Every call throws ObjectKeyError for any other key.
 */
export type ObjectStorage = {
  /** Stores `body` whole or not at all; an object of the same key is replaced at once. */
  put(key: string, body: Uint8Array, contentType: string): Promise<void>;
  /** Null where there is no such object. Read `body` to its end or destroy it. */
  get(key: string): Promise<StoredObject | null>;
  /** Deleting what is not there is fine. */
  delete(key: string): Promise<void>;
  /** Throws unless an object could be stored now. */
  check(): Promise<void>;
};

export type StoredObject = { readonly body: Readable; readonly sizeBytes: number };

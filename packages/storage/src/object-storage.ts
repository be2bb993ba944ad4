import type { Readable } from 'node:stream';

/**
 * Stores the files of tasks. Names, owners, content types and access belong to the database; an
 * adapter only keeps bytes under a key.
 *
 * A key is 1 to 512 characters: segments of letters, digits, `.`, `_` and `-`, joined by `/`. No
 * segment starts with a dot. Every call throws ObjectKeyError for any other key.
 */
export type ObjectStorage = {
  /** Stores `body` completely or not at all; atomically replaces an object of the same key. */
  put(key: string, body: Uint8Array, contentType: string): Promise<void>;
  /** Null if there is no such object. Read `body` to its end or destroy it. */
  get(key: string): Promise<StoredObject | null>;
  /** Deleting a missing object succeeds. */
  delete(key: string): Promise<void>;
  /** Rejects unless an object could be stored now. */
  check(): Promise<void>;
};

export type StoredObject = { readonly body: Readable; readonly sizeBytes: number };

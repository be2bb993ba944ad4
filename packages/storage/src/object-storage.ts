import type { Readable } from 'node:stream';

/**
 * Stores the files of tasks and of organisations. Names, owners, content types and access belong to
 * the database; a driver only keeps bytes under a key.
 *
 * A key is 1 to 512 characters: segments of letters, digits, `.`, `_` and `-`, joined by `/`. No
 * segment starts with a dot. Every call throws ObjectKeyError for any other key. No key may be a
 * folder of another: a store may refuse or hide one of the two. If the store
 * cannot be reached or refuses the call, a call rejects with RunfleetError `unavailable`.
 */
export type ObjectStorage = AsyncDisposable & {
  /**
   * Stores `body` completely or not at all; atomically replaces an object of the same key. Rejects
   * with the error of `body`, with ObjectTooLargeError, or when `signal` aborts, and stores
   * nothing. Only if the connection is lost while the store commits may a rejected put have stored
   * the whole object.
   */
  put(key: string, body: ObjectBody, options: PutOptions): Promise<{ readonly sizeBytes: number }>;
  /**
   * Null if there is no such object. Read `body` to its end or destroy it. Throws ObjectRangeError
   * for a range that begins after the object's end.
   */
  get(key: string, range?: ByteRange): Promise<StoredObject | null>;
  /** Null if there is no such object. */
  stat(key: string): Promise<ObjectStat | null>;
  /** Deleting a missing object succeeds. */
  delete(key: string): Promise<void>;
  /** Deletes all objects whose keys begin with `prefix/`. An object of the key `prefix` stays. */
  deletePrefix(prefix: string): Promise<void>;
  /**
   * All objects whose keys begin with `prefix/`, or all objects for an empty prefix, in no
   * particular order. Objects that are written or deleted during the listing may be missing.
   */
  list(prefix: string): AsyncIterable<readonly ListedObject[]>;
  /**
   * Removes what unfinished puts of dead processes left, if they began before `ageMs` ago. The age
   * must exceed the duration of the slowest put.
   */
  deleteUnfinished(ageMs: number): Promise<void>;
  /**
   * A URL that reads the object without credentials for at most PRESIGNED_SECONDS_MAX, or null if
   * clients cannot reach the store; then read the object with `get`.
   */
  presign(key: string, options: PresignOptions): Promise<string | null>;
};

export const LIST_PAGE_OBJECTS = 1_000;
export const PRESIGNED_SECONDS_MAX = 300;

export type ObjectBody = Uint8Array | AsyncIterable<Uint8Array>;
export type PutOptions = { contentType: string; bytesMax: number; signal?: AbortSignal };
/** The positions of the first and the last byte. A `last` after the end means the end. */
type ByteRange = { readonly first: number; readonly last: number };
/** `sizeBytes` is the size of the whole object, also if `body` is a range of it. */
export type StoredObject = { readonly body: Readable; readonly sizeBytes: number };
type ObjectStat = { readonly sizeBytes: number; readonly modifiedAt: Date };
export type ListedObject = ObjectStat & { readonly key: string };
type PresignOptions = {
  expiresSeconds: number;
  contentType: string;
  contentDisposition: string;
};

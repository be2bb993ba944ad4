import { z } from 'zod';

import { SUCCESS } from './envelope.ts';
import { wholeNumber } from './scalars.ts';

const fileId = z.string().regex(/^[\da-f]{32}$/);

const entryShape = {
  id: fileId,
  name: z.string(),
  /** "0" at the root of the project. */
  parentid: z.union([fileId, z.literal('0')]),
  /** "0" of a folder. */
  size: wholeNumber,
  /** Empty for a folder. */
  contenttype: z.string(),
  addedtime: wholeNumber,
};

const folderSchema = z.strictObject(entryShape);

const fileSchema = z.strictObject({
  ...entryShape,
  /** Reads the file without credentials. */
  url: z.url(),
  accesskey: z.string().regex(/^[A-Za-z0-9]{30}$/),
  /** When the file expires; null: never. */
  expiretime: wholeNumber.nullable(),
});

const fileOrFolderSchema = z.union([fileSchema, folderSchema]);

export type WireFile = z.infer<typeof fileOrFolderSchema>;

/** The answer of File/FolderCreate, Upload, Detail, Rename and Move: the entry as it is then. */
export const fileAnswerSchema = z.strictObject({
  ...SUCCESS,
  list: z.tuple([fileOrFolderSchema]),
});

export type FileAnswer = z.infer<typeof fileAnswerSchema>;

/** The answer of File/List: a page of a folder, and how many entries the folder has. */
export const fileListAnswerSchema = z.strictObject({
  ...SUCCESS,
  total: wholeNumber,
  list: z.array(fileOrFolderSchema),
});

export type FileListAnswer = z.infer<typeof fileListAnswerSchema>;

/** The answer of File/Delete: how many files and folders are gone. */
export const fileDeleteAnswerSchema = z.strictObject({ ...SUCCESS, deleted: wholeNumber });

export type FileDeleteAnswer = z.infer<typeof fileDeleteAnswerSchema>;

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { z } from 'zod';

const RECORD_FILE = 'runfleet-source.json';

const digestSchema = z.object({
  algorithm: z.enum(['sha256', 'sha512', 'git']),
  hex: z.string(),
});

const recordSchema = z.object({
  source: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('folder'), path: z.string(), isLinked: z.boolean() }),
    z.object({
      kind: z.literal('hub'),
      url: z.string(),
      id: z.string(),
      subfolder: z.string(),
      revision: z.string(),
    }),
    z.object({ kind: z.literal('weights'), from: z.string(), sha256: z.string() }),
  ]),
  /** The model of the catalogue that it is, if that is known. */
  model: z.string().optional(),
  addedAt: z.string(),
  precision: z.string().nullable(),
  /** Tokens of prompt and answer; null if the model was not opened when it was added. */
  contextLength: z.number().nullable(),
  /** `digest` is null if it is not known. */
  files: z.array(
    z.object({ path: z.string(), sizeBytes: z.number(), digest: digestSchema.nullable() }),
  ),
});

/** The facts about an added model, stored in a file in its folder. */
export type ModelRecord = z.infer<typeof recordSchema>;
export type RecordedFile = ModelRecord['files'][number];

/** Null if the folder was not added by `runfleet model add`. */
export async function readModelRecord(dir: string): Promise<ModelRecord | null> {
  const text = await readFile(join(dir, RECORD_FILE), 'utf8').catch(() => null);
  if (text === null) return null;
  try {
    return recordSchema.parse(JSON.parse(text));
  } catch {
    return null; // The file was edited: the folder is listed like one that was added manually.
  }
}

export async function writeModelRecord(dir: string, record: ModelRecord): Promise<void> {
  await writeFile(join(dir, RECORD_FILE), `${JSON.stringify(record, null, 2)}\n`);
}

export const isOurFile = (path: string): boolean => path === RECORD_FILE;

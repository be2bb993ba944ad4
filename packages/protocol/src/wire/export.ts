import { z } from 'zod';

import { SUCCESS } from './envelope.ts';
import { wholeNumber } from './scalars.ts';

/** A file of a project's tasks or bills. Moments are unix seconds; "0" where there is none. */
const exportSchema = z.strictObject({
  id: z.uuid(),
  type: z.enum(['tasks', 'bills']),
  format: z.enum(['csv', 'jsonl']),
  from: wholeNumber,
  to: wholeNumber,
  status: z.enum(['queued', 'running', 'finished', 'failed', 'cancelled']),
  /** Rows that are written, of how many; 0 of 0 until they are counted. */
  rowsdone: wholeNumber,
  rowstotal: wholeNumber,
  sizebytes: wholeNumber,
  /** Why it failed, or why its next attempt waits. */
  error: z.string(),
  /** Where its file is, for callers of its organisation; empty until it is finished. */
  url: z.string(),
  createtime: wholeNumber,
  endtime: wholeNumber,
  /** Until when it can be downloaded. */
  expiretime: wholeNumber,
});

export type WireExport = z.infer<typeof exportSchema>;

export const exportAnswerSchema = z.strictObject({ ...SUCCESS, export: exportSchema });

export type ExportAnswer = z.infer<typeof exportAnswerSchema>;

export const exportListAnswerSchema = z.strictObject({
  ...SUCCESS,
  total: wholeNumber,
  exportlist: z.array(exportSchema),
});

export type ExportListAnswer = z.infer<typeof exportListAnswerSchema>;

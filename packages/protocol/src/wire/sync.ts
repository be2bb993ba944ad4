/** The events of `Run/{owner}/{model}/sync` as a stream; `done` is the answer of Task/Detail. */
import { z } from 'zod';

import { taskStatusSchema } from '../task-status.ts';
import { answerEndShape, answerShape } from './output-item.ts';
import { decimalId } from './scalars.ts';

export const syncStartSchema = z.strictObject({
  id: decimalId,
  status: taskStatusSchema,
  taskid: decimalId,
  socketaccesstoken: z.string(),
});

export type SyncStart = z.infer<typeof syncStartSchema>;

/** The whole text so far. The last one has the answer's end. */
export const syncOutputSchema = z.strictObject({
  id: decimalId,
  status: z.literal('task_output'),
  pexit: z.null(),
  segments: answerShape.segments,
  ...answerEndShape,
});

export type SyncOutput = z.infer<typeof syncOutputSchema>;

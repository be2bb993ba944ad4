import { z } from 'zod';

import { taskStatusSchema } from '../task-status.ts';
import { SUCCESS } from './envelope.ts';
import { answerShape } from './output-item.ts';
import { decimalId, usd, wholeNumber } from './scalars.ts';

const taskIdOrNone = z.union([decimalId, z.literal('')]);

/** A conversation of a project with a model. */
const conversationSchema = z.strictObject({
  id: decimalId,
  projectid: decimalId,
  modelid: decimalId,
  modelslugowner: z.string(),
  modelslugproject: z.string(),
  session_id: z.string(),
  user_id: z.string(),
  /** Turns that succeeded, counted up to 1,000. */
  turns: wholeNumber,
  /** The turn that has not ended; empty for none. */
  runningtaskid: taskIdOrNone,
  createtime: wholeNumber,
});

export type WireConversation = z.infer<typeof conversationSchema>;

/** A turn with its texts. Its task has the rest. */
const turnSchema = z.strictObject({
  taskid: decimalId,
  socketaccesstoken: z.string(),
  turn: wholeNumber,
  previoustaskid: taskIdOrNone,
  status: taskStatusSchema,
  /** As of a task: "0" succeeded, and later turns read it. */
  pexit: z.string(),
  totalcost: usd,
  createtime: wholeNumber,
  content: z.strictObject({ prompt: z.string(), ...answerShape }),
  /** The texts were cut; `Task/Detail` has them whole. */
  shortened: z.literal(true).exactOptional(),
});

export type WireTurn = z.infer<typeof turnSchema>;

/** The answer of Conversation/List. `total` counts those that match, listed or not. */
export const conversationListAnswerSchema = z.strictObject({
  total: wholeNumber,
  ...SUCCESS,
  conversationlist: z.array(conversationSchema),
});

export type ConversationListAnswer = z.infer<typeof conversationListAnswerSchema>;

/** The answer of Conversation/Detail. `total` counts its tasks, also those that failed. */
export const conversationAnswerSchema = z.strictObject({
  ...conversationListAnswerSchema.shape,
  turnlist: z.array(turnSchema),
});

export type ConversationAnswer = z.infer<typeof conversationAnswerSchema>;

/** The answer of Conversation/Delete: how many tasks lost their contents; 0 for a repeat. */
export const conversationDeleteAnswerSchema = z.strictObject({ ...SUCCESS, deleted: wholeNumber });

export type ConversationDeleteAnswer = z.infer<typeof conversationDeleteAnswerSchema>;

import { z } from 'zod';

import { SUCCESS } from './envelope.ts';
import { decimalId, wholeNumber } from './scalars.ts';

/** What a callback reports, and whether it arrived. Moments are unix seconds; "0" where there is none. */
const callbackSchema = z.strictObject({
  /** The `webhook-id` of each attempt. */
  id: z.uuid(),
  /** Empty for a test. */
  taskid: z.union([decimalId, z.literal('')]),
  /** Empty for the address of a Run, and for a test. */
  endpointid: z.union([z.uuid(), z.literal('')]),
  event: z.enum(['task.completed', 'task.failed', 'task.cancelled', 'test']),
  url: z.string(),
  /** `gone`: the receiver answered 410. */
  status: z.enum(['open', 'delivered', 'failed', 'gone']),
  attempts: wholeNumber,
  createtime: wholeNumber,
  /** When the next attempt is due. */
  nexttime: wholeNumber,
  endtime: wholeNumber,
});

export type WireCallback = z.infer<typeof callbackSchema>;

const attemptSchema = z.strictObject({
  attempt: wholeNumber,
  time: wholeNumber,
  milliseconds: wholeNumber,
  /** Empty without an answer; then `error` has the reason. */
  httpstatus: z.union([wholeNumber, z.literal('')]),
  error: z.string(),
  contenttype: z.string(),
  /** The start of the answer, at most 2 KB. */
  body: z.string(),
});

export type WireCallbackAttempt = z.infer<typeof attemptSchema>;

/** The answer of Callback/List. */
export const callbackListAnswerSchema = z.strictObject({
  ...SUCCESS,
  total: wholeNumber,
  callbacklist: z.array(callbackSchema),
});

export type CallbackListAnswer = z.infer<typeof callbackListAnswerSchema>;

/** The answer of a call about one callback. */
export const callbackAnswerSchema = z.strictObject({
  ...SUCCESS,
  callback: callbackSchema,
  attemptlist: z.array(attemptSchema),
});

export type CallbackAnswer = z.infer<typeof callbackAnswerSchema>;

const endpointSchema = z.strictObject({
  id: z.uuid(),
  url: z.string(),
  events: z.array(z.enum(['task.completed', 'task.failed', 'task.cancelled'])),
  createtime: wholeNumber,
});

/** The answer of each call about endpoints: those of the project as they are then. */
export const endpointListAnswerSchema = z.strictObject({
  ...SUCCESS,
  endpointlist: z.array(endpointSchema),
});

export type EndpointListAnswer = z.infer<typeof endpointListAnswerSchema>;

/** The answer of Callback/SecretRotate: the only place where the secret is shown. */
export const callbackSecretAnswerSchema = z.strictObject({ ...SUCCESS, secret: z.string() });

export type CallbackSecretAnswer = z.infer<typeof callbackSecretAnswerSchema>;

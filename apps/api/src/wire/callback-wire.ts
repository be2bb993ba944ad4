import type { Delivery, LoggedAttempt } from '@runfleet/callbacks';
import {
  type CallbackAnswer,
  formatUnixSeconds,
  type WireCallback,
  type WireCallbackAttempt,
} from '@runfleet/protocol';

export function callbackWire(delivery: Delivery): WireCallback {
  return {
    id: delivery.id,
    taskid: delivery.taskId ?? '',
    event: delivery.event,
    url: delivery.url,
    status: delivery.state,
    attempts: String(delivery.attempts),
    createtime: formatUnixSeconds(delivery.createdAt),
    nexttime: formatUnixSeconds(delivery.dueAt),
    endtime: formatUnixSeconds(delivery.closedAt),
  };
}

export function callbackAnswer({
  delivery,
  attempts,
}: {
  delivery: Delivery;
  attempts: readonly LoggedAttempt[];
}): CallbackAnswer {
  return {
    errors: [],
    callback: callbackWire(delivery),
    attemptlist: attempts.map(attemptWire),
    result: true,
  };
}

function attemptWire(attempt: LoggedAttempt): WireCallbackAttempt {
  return {
    attempt: String(attempt.attempt),
    time: formatUnixSeconds(attempt.at),
    milliseconds: String(attempt.durationMs),
    httpstatus: attempt.status === null ? '' : String(attempt.status),
    error: attempt.error ?? '',
    contenttype: attempt.contentType ?? '',
    body: attempt.body,
  };
}

import type { Delivery, Endpoint, LoggedAttempt } from '@runfleet/callbacks';
import {
  type CallbackAnswer,
  type EndpointListAnswer,
  formatUnixSeconds,
  type WireCallback,
  type WireCallbackAttempt,
} from '@runfleet/protocol';

export function callbackWire(delivery: Delivery): WireCallback {
  return {
    id: delivery.id,
    taskid: delivery.taskId ?? '',
    endpointid: delivery.endpointId ?? '',
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

export function endpointListAnswer(endpoints: readonly Endpoint[]): EndpointListAnswer {
  const endpointlist = endpoints.map(({ id, url, events, createdAt }) => ({
    id,
    url,
    events: [...events],
    createtime: formatUnixSeconds(createdAt),
  }));
  return { errors: [], endpointlist, result: true };
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

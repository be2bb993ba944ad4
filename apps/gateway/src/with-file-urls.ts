import type { EventPage, Follower } from '@runfleet/events';
import { presentOutputs, type TaskEvent } from '@runfleet/protocol';

/** A follower whose events carry outputs as clients read them. */
export function withFileUrls(
  follower: Pick<Follower, 'followPages'>,
  publicApiUrl: string,
): Pick<Follower, 'followPages'> {
  return {
    async *followPages(taskId, afterSeq, signal) {
      for await (const page of follower.followPages(taskId, afterSeq, signal)) {
        const events = page.events.map((event) => present(event, publicApiUrl));
        yield { ...page, events } satisfies EventPage;
      }
    },
  };
}

function present(event: TaskEvent, publicApiUrl: string): TaskEvent {
  if (event.type !== 'task_postprocess_end') return event;
  const outputs = presentOutputs(event.payload.outputs, {
    taskId: event.taskId,
    publicApiUrl,
  });
  return { ...event, payload: { ...event.payload, outputs } };
}

import type { QueuePlace } from '@runfleet/protocol';

import { queueSentence } from './queue-sentence.ts';

/** The position of a queued task, or that no worker can run it. */
export function QueueNotice({ queue }: { queue: QueuePlace | null }) {
  if (queue === null) return null;
  if (queue.blocked !== null) {
    return (
      <div className="notice notice-warn" role="status">
        <p className="notice-title">No worker can run this now</p>
        <p>
          {queue.blocked.message} It waits free of charge until one can; stopping it releases the
          held amount.
        </p>
      </div>
    );
  }
  const where = queueSentence(queue);
  if (where === null) return null;
  return (
    <p
      className="queue-place"
      title="Among your organisation's tasks. Turns are shared fairly with other organisations."
    >
      {where}
    </p>
  );
}

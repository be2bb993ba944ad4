import type { TaskEvent } from '@runfleet/protocol';
import type { Metrics } from '@runfleet/service';

import type { EndReason } from './connection.ts';

export type GatewayMetrics = ReturnType<typeof gatewayMetrics>;

type Levels = {
  sockets: number;
  streams: number;
  tasks: number;
  subscriptions: number;
  bufferedBytes: number;
  gapReads: number;
  isRedisConnected: boolean;
};

export function gatewayMetrics(metrics: Metrics) {
  const connections = metrics.gauge('runfleet_gateway_connections', 'Open connections.', ['kind']);
  const tasks = metrics.gauge('runfleet_gateway_followed_tasks', 'Tasks that clients follow.');
  const subscriptions = metrics.gauge(
    'runfleet_gateway_watches',
    'Subscriptions of clients to tasks.',
  );
  const buffered = metrics.gauge(
    'runfleet_gateway_buffered_bytes',
    'Bytes buffered for slow clients.',
  );
  const redis = metrics.gauge(
    'runfleet_gateway_redis_connected',
    '1 while Redis notices can arrive.',
  );
  const frames = metrics.counter('runfleet_gateway_frames_total', 'Frames sent.', ['type']);
  const bytes = metrics.counter('runfleet_gateway_sent_bytes_total', 'Bytes of frames sent.');
  const ended = metrics.counter(
    'runfleet_gateway_ended_total',
    'Connections that the gateway ended, by reason.',
    ['reason'],
  );
  const gapReads = metrics.counter(
    'runfleet_gateway_gap_reads_total',
    'Postgres reads because a notice was missed or too long.',
  );

  // Summed here between scrapes: incrementing a labelled counter costs more than sending the frame.
  const sentFrames = new Map<TaskEvent['type'], number>();
  let sentBytes = 0;
  let gapReadsBefore = 0;

  return {
    frameSent(type: TaskEvent['type'], size: number) {
      sentFrames.set(type, (sentFrames.get(type) ?? 0) + 1);
      sentBytes += size;
    },
    connectionEnded: (reason: EndReason) => ended.inc({ reason }),
    /** Updates the registry. */
    collect(levels: Levels) {
      connections.set({ kind: 'socket' }, levels.sockets);
      connections.set({ kind: 'stream' }, levels.streams);
      tasks.set(levels.tasks);
      subscriptions.set(levels.subscriptions);
      buffered.set(levels.bufferedBytes);
      redis.set(levels.isRedisConnected ? 1 : 0);
      for (const [type, count] of sentFrames) frames.inc({ type }, count);
      sentFrames.clear();
      bytes.inc(sentBytes);
      sentBytes = 0;
      gapReads.inc(levels.gapReads - gapReadsBefore);
      gapReadsBefore = levels.gapReads;
    },
  };
}

/** The receiving end of tickets: one process for some worker hosts. Sends what it measured when told to stop. */
import { openTicketTransport, type TicketTransportKind } from '@runfleet/queue';

/** `sentAtMs` by a clock that all processes of a machine share. */
export type Hop = { sentAtMs: number; tookMs: number };

const NANOS_PER_MS = 1e6;

const [kind, url = '', workerIds = ''] = process.argv.slice(2);
// The benchmark that starts this process gives the kind.
const transport = openTicketTransport({ url, kind: kind as TicketTransportKind });
const hops: Hop[] = [];

const receivers = workerIds.split(',').map((workerId) =>
  transport.receive(workerId, async ({ taskId }) => {
    // The moment at which it was sent, by `process.hrtime`, stands in for a task's id.
    const sentAtMs = Number(taskId) / NANOS_PER_MS;
    hops.push({ sentAtMs, tookMs: Number(process.hrtime.bigint()) / NANOS_PER_MS - sentAtMs });
  }),
);

const stop = async () => {
  await Promise.all(receivers.map((receiver) => receiver[Symbol.asyncDispose]()));
  await transport[Symbol.asyncDispose]();
  process.disconnect();
};

process.once('message', () => {
  process.send?.(hops);
  void stop();
});
process.send?.('ready');

/** Receives tickets for some worker hosts in one process. Sends its measurements when asked to stop. */
import { openTicketTransport, type TicketTransportKind } from '@runfleet/queue';

/** `sentAtMs` is on a clock that all processes of the machine share. */
export type Hop = { sentAtMs: number; tookMs: number };

const NANOS_PER_MS = 1e6;

const [kind, url = '', workerIds = ''] = process.argv.slice(2);
// The benchmark that starts this process passes a valid kind.
const transport = openTicketTransport({ url, kind: kind as TicketTransportKind });
const hops: Hop[] = [];

const receivers = workerIds.split(',').map((workerId) =>
  transport.receive(workerId, async ({ taskId }) => {
    // The task id of these tickets is their `process.hrtime` at sending.
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

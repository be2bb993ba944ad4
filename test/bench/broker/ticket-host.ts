/** The receiving end of tickets: one process for some worker hosts. Sends what it measured when told to stop. */
import { openTicketTransport, type TicketTransportKind } from '@runfleet/queue';

const [kind, url = '', workerIds = ''] = process.argv.slice(2);
// The benchmark that starts this process gives the kind.
const transport = openTicketTransport({ url, kind: kind as TicketTransportKind });
const hopsMs: number[] = [];

const receivers = workerIds.split(',').map((workerId) =>
  transport.receive(workerId, async ({ taskId }) => {
    // A ticket's task is the moment at which it was sent; all processes of a machine share this clock.
    hopsMs.push(Number(process.hrtime.bigint() - BigInt(taskId)) / 1e6);
  }),
);

process.once('message', async () => {
  process.send?.({ hopsMs });
  await Promise.all(receivers.map((receiver) => receiver[Symbol.asyncDispose]()));
  await transport[Symbol.asyncDispose]();
  process.disconnect();
});
process.send?.('ready');

import { RunfleetClient } from '@runfleet/client';
import { describeBill, rawOf, type Receipt } from '@runfleet/protocol';
import WebSocket from 'ws';

import type { DevStarted } from './banner.ts';
import type { DevFile } from './dev-file.ts';
import { secondsOf } from './start-times.ts';

/** Events, described for people. */
const DESCRIPTIONS: Partial<Record<string, string>> = {
  task_queue: 'queued',
  task_assign: 'assigned to a worker',
  task_accept: 'accepted',
  task_preprocess_start: 'preparing the prompt',
  task_start: 'running',
  task_end: 'finished',
};

/** Runs one prompt through the whole system: the answer on stdout, everything else on stderr. */
export async function runPrompt(
  file: DevFile,
  { prompt, model, engine }: Pick<DevStarted, 'model' | 'engine'> & { prompt: string },
): Promise<void> {
  const client = new RunfleetClient({
    apiUrl: file.apiUrl,
    socketUrl: file.socketUrl,
    apiKey: file.apiKey,
    apiSecret: file.apiSecret,
    webSocket: WebSocket,
  });
  const askedAt = performance.now();
  let firstOutputMs: number | null = null;
  const { taskId, token } = await client.run(model, { prompt });
  process.stderr.write(`task ${taskId}, answered by ${engine}\n`);
  for await (const frame of client.follow(token, { mode: 'delta' })) {
    if (frame.type === 'task_output') {
      firstOutputMs ??= performance.now() - askedAt;
      process.stdout.write(rawOf(frame) ?? '');
    } else {
      const description = DESCRIPTIONS[frame.type];
      if (description !== undefined)
        process.stderr.write(`${frame.type === 'task_end' ? '\n' : ''}… ${description}\n`);
    }
  }
  const endMs = performance.now() - askedAt;
  const task = await client.detail({ token });
  if (task.pexit !== '0')
    throw new Error(`Task ${taskId} ended as ${task.status}: ${task.debugerror}`);
  if (task.receipt) process.stderr.write(`\nreceipt: ${linesOf(task.receipt)}\n`);
  const firstOutput =
    firstOutputMs === null ? 'no output' : `first output after ${secondsOf(firstOutputMs)} s`;
  process.stderr.write(`${firstOutput}, finished after ${secondsOf(endMs)} s\n`);
}

function linesOf(receipt: Receipt): string {
  const { promptTokens, completionTokens, weights, device } = receipt;
  return `${describeBill(receipt)}\n         ${promptTokens} tokens in, ${completionTokens} out; ${weights} on ${device}`;
}

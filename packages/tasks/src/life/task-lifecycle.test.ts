import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { canTransition, INITIAL_STATUS, isTerminal, TASK_STATUSES } from '@runfleet/protocol';
import { expect, test } from 'vitest';

import {
  HOST_LOSS_PULSES,
  HOST_LOSSES_MAX,
  LEASE_PULSES,
  QUARANTINE_PULSES,
  SILENT_PULSES,
  STRIKES_MAX,
} from '../fleet/decide-worker.ts';
import { IDEMPOTENCY_HOURS } from '../store/plan-commit.ts';
import { ALONE_SECONDS_MAX } from '../upkeep/suspects.ts';
import {
  ACCEPT_PULSES,
  ASSIGNMENTS_MAX,
  BACKOFF_SECONDS,
  INFRA_ATTEMPTS_MAX,
  REPORT_GRACE_SECONDS,
} from './decide.ts';
import { FAILURES } from './failures.ts';

const PAGE = fileURLToPath(new URL('../../../../docs/task-lifecycle.md', import.meta.url));

const API_PAGE = fileURLToPath(new URL('../../../../docs/api.md', import.meta.url));

const FOLLOWS = {
  rejected: 'the task ends as `rejected`',
  failed: 'the task ends as `failed`',
  retry: 'another attempt elsewhere, while any are left',
  return: 'back in line at once',
} as const;

test("the documents' picture of a task's life is drawn from the tables (run with -u to redraw)", async () => {
  const arrows = TASK_STATUSES.flatMap((from) => [
    ...TASK_STATUSES.filter((to) => canTransition(from, to)).map((to) => `  ${from} --> ${to}`),
    ...(isTerminal(from) ? [`  ${from} --> [*]`] : []),
  ]);
  const failures = Object.entries(FAILURES).map(([name, { fault, next, isStrike }]) => [
    `\`${name}\``,
    fault,
    FOLLOWS[next],
    isStrike ? 'yes' : 'no',
  ]);
  const pauses = BACKOFF_SECONDS.map((seconds) => (seconds === 0 ? 'none' : `about ${seconds} s`));
  const page = `# The life of a task

Drawn from \`packages/protocol/src/task-status.ts\` and the decisions of \`packages/tasks\` by a test. Back to \`task_queue\` is a
requeue: the worker or its ticket was lost, and the epoch rises. \`task_postprocess_end\` is a success only with \`pexit\` "0".
Every run that is not cancelled enters \`task_end\` before it, also one that failed in the queue; a cancelled one enters
\`task_cancel\` alone.

\`\`\`mermaid
stateDiagram-v2
  [*] --> ${INITIAL_STATUS}
${arrows.join('\n')}
\`\`\`

## Deadlines

Times are the database's. A _pulse_ is a tick that brokers write about once a second: while no broker can reach Postgres
there are no pulses, so that nothing that is judged in pulses expires because Postgres was away.

- **To start** (\`x-runfleet-start-timeout\`): a task that no worker accepted by then ends as \`expired\`. Past it a task is not
  assigned any more, even before somebody looks; once accepted it has met it for good.
- **To finish** (\`timeout\`): the worker ends the run itself, and a success that was cut off by it is charged. Of a run that
  nobody reports, the end comes ${REPORT_GRACE_SECONDS} s later: \`expired\`, and free.
- **To accept**: a ticket that no worker confirms within ${ACCEPT_PULSES} pulses is taken back, and counts as
  an attempt that failed.
- **To renew**: a worker that did not renew for ${SILENT_PULSES} pulses gets no new task, and after ${LEASE_PULSES} it is lost, unless a
  thread of its own keeps its lease through a stall, which it does for 30 s at most.

## When an attempt fails

${table(['failure', 'whose fault', 'what follows', 'a strike against the worker'], failures)}

None of them is billed. A retry avoids the workers on which the task failed, while there are others. After
${INFRA_ATTEMPTS_MAX} attempts that failed for no fault of the caller's the task ends as \`failed\` and says so. The pause before the
second attempt is ${pauses[0]}, before the third ${pauses[1]}. A task that fell with two workers may be what they died of, so each pool
tries one such task at a time, and none waits longer than ${ALONE_SECONDS_MAX} s for those of other tenants: what only fell with it
succeeds alone, which lets more of its tenant's follow, and what kills its worker each time ends. No task is assigned more than
${ASSIGNMENTS_MAX} times, whatever takes it back.

${STRIKES_MAX} strikes in a row by different tasks, without a success in between, send a worker to rest for ${QUARANTINE_PULSES} pulses; one more
after that sends it back. Of the workers of a pool a quarter rests at most, and never the last one. A host that lost workers at
${HOST_LOSSES_MAX} moments within ${HOST_LOSS_PULSES} pulses is likelier broken than unlucky: its next one rests first. A lost worker gets none, since an input may have killed it. A ticket that was not accepted is
one only where the worker has confirmed a list of its tasks that the ticket's was on: what Redis lost is not the worker's fault.

## Repeats

A Run with an \`Idempotency-Key\` is written together with its key. Whoever sends the same key and body again within
${IDEMPOTENCY_HOURS} hours gets the first task, also while the first Run is in progress, after its process died, or when the
balance is gone by then. Another body under the same key is refused.
`;
  await expect(page).toMatchFileSnapshot(PAGE);
});

function table(head: string[], rows: string[][]): string {
  const widths = head.map((_, column) =>
    Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: string[], filler = ' ') =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0, filler)).join(' | ')} |`;
  const rule = line(
    head.map(() => ''),
    '-',
  );
  return [line(head), rule, ...rows.map((row) => line(row))].join('\n');
}

test('the page of the API lists the frames of all statuses in their order', async () => {
  const socket = /## Socket\n(.*?)\n## /s.exec(await readFile(API_PAGE, 'utf8'))?.[1] ?? '';
  const named = socket.match(/`task_\w+`/g) ?? [];
  const statuses = named.map((name) => name.slice(1, -1)).filter((name) => isStatus(name));
  expect([...new Set(statuses)]).toEqual(TASK_STATUSES);
});

function isStatus(name: string): boolean {
  return (TASK_STATUSES as readonly string[]).includes(name);
}

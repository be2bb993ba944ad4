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
  return: 'the task is requeued at once',
} as const;

test('the lifecycle page is drawn from the tables (run with -u to redraw)', async () => {
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

A test draws this page from \`packages/protocol/src/task-status.ts\` and the decisions of \`packages/tasks\`. A move back
to \`task_queue\` is a requeue: the worker or its ticket was lost, and the epoch rises. \`task_postprocess_end\` is a
success only with \`pexit\` "0". Every task that is not cancelled enters \`task_end\` first, even if it failed in the queue;
a cancelled task enters only \`task_cancel\`.

\`\`\`mermaid
stateDiagram-v2
  [*] --> ${INITIAL_STATUS}
${arrows.join('\n')}
\`\`\`

## Deadlines

All times are the database's. A _pulse_ is a tick that brokers write about once a second. While no broker can reach
Postgres there are no pulses, so deadlines in pulses do not expire because Postgres is away.

- **To start** (\`x-runfleet-start-timeout\`): a task that no worker accepted before this deadline ends as \`expired\`.
  After it the task is not assigned any more, even before a reconciler ends it. Once a worker accepts the task, the
  deadline no longer applies.
- **To finish** (\`timeout\`): the worker ends the run itself, and a success that was cut off is charged. A run without a
  report ends ${REPORT_GRACE_SECONDS} s later as \`expired\` and costs nothing.
- **To accept**: a ticket that no worker accepts within ${ACCEPT_PULSES} pulses is taken back and counts as a failed attempt.
- **To renew**: a worker that did not renew for ${SILENT_PULSES} pulses gets no new task; after ${LEASE_PULSES} pulses it is lost. A separate
  thread keeps the lease while the worker stalls, for at most 30 s.

## When an attempt fails

${table(['failure', 'whose fault', 'what follows', 'a strike against the worker'], failures)}

Failed attempts are not billed. A retry avoids the workers on which the task failed, as long as there are others. After
${INFRA_ATTEMPTS_MAX} failed attempts that were not the caller's fault, the task ends as \`failed\` with that reason. The pause before
the second attempt is ${pauses[0]}, before the third ${pauses[1]}. No task is assigned more than ${ASSIGNMENTS_MAX} times, for any reason.

A task that lost two workers may have crashed them, so each pool retries one such task at a time. No such task waits
longer than ${ALONE_SECONDS_MAX} s for those of other tenants. An innocent task succeeds alone, and its success lets more of its tenant's
tasks follow; a task that crashes its worker every time ends.

${STRIKES_MAX} strikes in a row from different tasks, without a success in between, quarantine a worker for ${QUARANTINE_PULSES} pulses; one more
strike after that quarantines it again. At most a quarter of a pool's workers (but at least one) is in quarantine at a
time, and never the last one that is ready. A lost worker gets no strike, because an input may have crashed it. However,
a host that lost workers at ${HOST_LOSSES_MAX} moments within ${HOST_LOSS_PULSES} pulses is probably broken, so its next worker starts in quarantine.

A ticket that was not accepted is a strike only if the worker has confirmed a list of its tasks that included it: a
ticket that Redis lost is not the worker's fault.

## Repeats

A Run with an \`Idempotency-Key\` is written together with its key. A caller that sends the same key and body again within
${IDEMPOTENCY_HOURS} hours gets the first task, even if the first Run is still in progress, its process died, or the balance is used up.
Another body under the same key is refused.
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

import { fileURLToPath } from 'node:url';

import { expect, test } from 'vitest';

import { canTransition, INITIAL_STATUS, isTerminal, TASK_STATUSES } from './task-status.ts';

const PAGE = fileURLToPath(new URL('../../../docs/task-lifecycle.md', import.meta.url));

test("the documents' picture of a task's life is drawn from the table (run with -u to redraw)", async () => {
  const arrows = TASK_STATUSES.flatMap((from) => [
    ...TASK_STATUSES.filter((to) => canTransition(from, to)).map((to) => `  ${from} --> ${to}`),
    ...(isTerminal(from) ? [`  ${from} --> [*]`] : []),
  ]);
  const page = `# The life of a task

Drawn from \`packages/protocol/src/task-status.ts\` by a test. Back to \`task_queue\` is a requeue: the worker or its ticket
was lost, and the epoch rises. \`task_postprocess_end\` is a success only with \`pexit\` "0".

\`\`\`mermaid
stateDiagram-v2
  [*] --> ${INITIAL_STATUS}
${arrows.join('\n')}
\`\`\`
`;
  await expect(page).toMatchFileSnapshot(PAGE);
});

import type { Machine } from '../bench/machine.ts';
import type { Role } from '../e2e/role-process.ts';
import { ABUSES } from './abuses/index.ts';
import { megabytes, MEMORY_BUDGET_BYTES, p95, type Verdict } from './judge.ts';

const ROLES: readonly Role[] = ['api', 'gateway', 'broker', 'worker'];

export function writeMachine(machine: Machine): string {
  const { cpu, cores, memoryGiB, kernel, node } = machine;
  return `machine  ${cores} cores of ${cpu}, ${memoryGiB} GiB, ${kernel}, Node ${node}
method   one api, broker and gateway and two workers with a small model, all on this machine with the
         abuser, which runs at a lower priority; p95 of the neighbour's small Runs, Run to end frame
budgets  ${ROLES.map((role) => `${role} ${megabytes(MEMORY_BUDGET_BYTES[role])}`).join(', ')} MiB resident
`;
}

/** One line per abuse, followed by its answers and the laws that it broke. */
export function writeVerdict(verdict: Verdict): string {
  const { name, runs, p95Ms, ratio, healthMs, residentBytes, outcome, broken, recoveredMs } =
    verdict;
  const memory = ROLES.map((role) => megabytes(residentBytes.get(role) ?? 0)).join('/');
  const recovered = recoveredMs === null ? 'not' : `${(recoveredMs / 1_000).toFixed(1)} s`;
  const answers = Object.entries(outcome?.answers ?? {}).map(
    ([answer, times]) => `${times} ${answer}`,
  );
  return [
    `${name.padEnd(18)}${column(runs.length, 6)}${column(p95Ms.toFixed(0), 8)}${column(ratio.toFixed(2), 7)}` +
      `${column(p95(healthMs).toFixed(0), 9)}${column(Math.max(0, ...healthMs).toFixed(0), 7)}` +
      `  ${memory.padEnd(18)}${column(recovered, 8)}  ${broken.length === 0 ? 'held' : 'BROKEN'}`,
    `  ${answers.join(', ')}`,
    ...broken.map((law) => `  FAILED ${name}: ${law}`),
    '',
  ].join('\n');
}

export function writeHead(quiet: { runs: number; p95Ms: number }): string {
  return (
    `\n${''.padEnd(18)}${column('Runs', 6)}${column('p95 ms', 8)}${column('ratio', 7)}` +
    `${column('health p95', 11)}${column('max', 5)}  ${'RSS api/gw/br/wo'.padEnd(18)}${column('back in', 8)}\n` +
    `${'quiet'.padEnd(18)}${column(quiet.runs, 6)}${column(quiet.p95Ms.toFixed(0), 8)}${column('1.00', 7)}\n`
  );
}

export function describeAbuses(): string {
  return ABUSES.map(
    ({ name, sends, bound }) => `${name}\n  sends ${sends}\n  bound ${bound}\n`,
  ).join('');
}

const column = (value: number | string, width: number) => String(value).padStart(width);

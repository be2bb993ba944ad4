import type { WireLimit } from '@runfleet/protocol';

/** `Spending per day, project Demo`. */
export function describeLimit(
  { kind, level, subject, period }: WireLimit,
  projects: readonly { id: string; name: string }[],
): string {
  const project = projects.find(({ id }) => id === subject)?.name ?? subject;
  const owner = {
    organisation: 'organisation',
    project: `project ${project}`,
    key: `key of project ${project}`,
    user: subject === '' ? 'each end user' : `end user ${subject}`,
  }[level];
  if (kind === 'active') return `Active tasks, ${owner}`;
  return `Spending ${period === 'total' ? 'in total' : `per ${period}`}, ${owner}`;
}

/** The used part of a limit, from 0 to 1. A limit of 0 is used up. */
export function shareOf({ used, value }: Pick<WireLimit, 'used' | 'value'>): number {
  const [part, whole] = [Number(used ?? 0), Number(value)];
  return whole > 0 ? Math.min(1, part / whole) : 1;
}

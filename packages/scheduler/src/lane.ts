/**
 * A lane is the line of a pool's tasks that require the same labels of their worker. Each lane has
 * an index of its own, so that a pick asks only for tasks that some free worker can take, and a task
 * that nobody can take stands in nobody's way.
 *
 * A lane is named after its pool and its labels: `pool`, or `pool?gpu=H100,zone=a`.
 */
const LABELS_FOLLOW = '?';

/** `requires` are labels as `parseLabels` gives them: sorted, each once. */
export function laneOf(pool: string, requires: readonly string[]): string {
  return requires.length === 0 ? pool : `${pool}${LABELS_FOLLOW}${requires.join(',')}`;
}

export function poolOfLane(lane: string): string {
  const end = lane.indexOf(LABELS_FOLLOW);
  return end === -1 ? lane : lane.slice(0, end);
}

/** The labels that a lane's tasks require of their worker. */
export function requirementsOfLane(lane: string): string[] {
  const end = lane.indexOf(LABELS_FOLLOW);
  return end === -1 ? [] : lane.slice(end + 1).split(',');
}

/** Whether a worker with `labels` may run what requires `requires`. */
export function carriesLabels(labels: readonly string[], requires: readonly string[]): boolean {
  return requires.every((label) => labels.includes(label));
}

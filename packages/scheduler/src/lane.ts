/**
 * A lane is the queued tasks of a pool that require the same labels of their worker. Each lane has
 * its own index, so that a pick returns only tasks that a free worker can take, and a task that no
 * worker can take does not block others.
 *
 * A lane's name consists of its pool and its labels: `pool`, or `pool?gpu=H100,zone=a`.
 */
const LABELS_FOLLOW = '?';

/** `requires` are labels as `parseLabels` returns them: sorted and without duplicates. */
export function laneOf(pool: string, requires: readonly string[]): string {
  return requires.length === 0 ? pool : `${pool}${LABELS_FOLLOW}${requires.join(',')}`;
}

export function poolOfLane(lane: string): string {
  const end = lane.indexOf(LABELS_FOLLOW);
  return end === -1 ? lane : lane.slice(0, end);
}

/** The labels that the tasks of a lane require. */
export function requirementsOfLane(lane: string): string[] {
  const end = lane.indexOf(LABELS_FOLLOW);
  return end === -1 ? [] : lane.slice(end + 1).split(',');
}

/** Whether a worker with `labels` may run tasks that require `requires`. */
export function carriesLabels(labels: readonly string[], requires: readonly string[]): boolean {
  return requires.every((label) => labels.includes(label));
}

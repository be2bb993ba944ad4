/** A worker with room, as placement sees it. */
export type Room = { readonly id: string; readonly free: number; readonly used: number };

/**
 * Which worker each task goes to: always the one with the fewest tasks that still has room, so
 * that load spreads. Answers `null` for tasks that no room is left for.
 */
export function placeTasks<R extends Room>(count: number, rooms: readonly R[]): (R | null)[] {
  const load = rooms.map((room) => ({ room, free: room.free, used: room.used }));
  return Array.from({ length: count }, () => {
    let best: (typeof load)[number] | null = null;
    for (const candidate of load) {
      if (candidate.free > 0 && (best === null || candidate.used < best.used)) best = candidate;
    }
    if (best === null) return null;
    best.free -= 1;
    best.used += 1;
    return best.room;
  });
}

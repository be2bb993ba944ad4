/**
 * The longest that a test waits for a process, or runs with processes, on a busy machine. Tests assert their
 * own times; this only ends a wait for an event that never happens. A process that exits before the awaited
 * event fails its test at once.
 */
export const PATIENCE_MS = 10 * 60_000;

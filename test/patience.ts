/**
 * The longest that a test waits for a process, or runs with processes, whatever else the machine
 * does. What a test asserts about time stands in that test; this only ends what will never come, and
 * a process that ends before it is what was waited for fails its test at once.
 */
export const PATIENCE_MS = 10 * 60_000;

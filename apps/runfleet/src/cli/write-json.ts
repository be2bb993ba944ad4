/** The answer of a command for programs. Moments and amounts that are bigints become texts. */
export function writeJson(value: unknown): void {
  const text = JSON.stringify(
    value,
    (_, entry: unknown) => (typeof entry === 'bigint' ? entry.toString() : entry),
    2,
  );
  process.stdout.write(`${text}\n`);
}

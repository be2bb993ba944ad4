/** Writes a command's answer for programs. Bigints (times, amounts) become strings. */
export function writeJson(value: unknown): void {
  const text = JSON.stringify(
    value,
    (_, entry: unknown) => (typeof entry === 'bigint' ? entry.toString() : entry),
    2,
  );
  process.stdout.write(`${text}\n`);
}

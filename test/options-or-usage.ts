/**
 * What `read` makes of the command line. Null where it throws: then its message and the usage are on
 * stderr, and the exit code is 2.
 */
export function optionsOrUsage<Options>(
  read: (args: readonly string[]) => Options,
  usage: string,
): Options | null {
  try {
    // pnpm hands on the dashes that end its own options.
    return read(process.argv.slice(2).filter((arg) => arg !== '--'));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
    process.exitCode = 2;
    return null;
  }
}

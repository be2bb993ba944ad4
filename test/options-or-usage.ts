/**
 * Reads the options of the command line. If `read` throws, prints its message and the usage to stderr, sets
 * the exit code to 2 and returns null.
 */
export function optionsOrUsage<Options>(
  read: (args: readonly string[]) => Options,
  usage: string,
): Options | null {
  try {
    // pnpm passes on the dashes that end its own options.
    return read(process.argv.slice(2).filter((arg) => arg !== '--'));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
    process.exitCode = 2;
    return null;
  }
}

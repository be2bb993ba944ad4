/**
 * Reads the options of the command line of a development command. With `--help` it prints the usage. If
 * `read` throws, it prints the message and the usage to stderr and sets the exit code to 2. Both return null.
 */
export function optionsOrUsage<Options>(
  read: (args: readonly string[]) => Options,
  usage: string,
): Options | null {
  // pnpm passes on the dashes that end its own options.
  const args = process.argv.slice(2).filter((arg) => arg !== '--');
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(usage);
    return null;
  }
  try {
    return read(args);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
    process.exitCode = 2;
    return null;
  }
}

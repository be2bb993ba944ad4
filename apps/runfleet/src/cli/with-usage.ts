import { asTyped } from './as-typed.ts';

export type Command = (args: readonly string[]) => Promise<void>;

/** A command was typed wrongly: the message and the usage go to stderr, and the exit code is 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Runs the command. Prints its usage if `--help` asks for it, or after a `UsageError`. */
export async function runWithUsage(
  usage: string,
  args: readonly string[],
  command: Command,
): Promise<void> {
  if (asksForHelp(args)) {
    process.stdout.write(asTyped(usage));
    return;
  }
  try {
    await command(args);
  } catch (error) {
    if (!isUsageError(error)) throw error;
    process.stderr.write(asTyped(`${error.message}\n\n${usage}`));
    process.exitCode = 2;
  }
}

export function asksForHelp(args: readonly string[]): boolean {
  return args[0] === 'help' || args.includes('--help') || args.includes('-h');
}

function isUsageError(error: unknown): error is Error {
  if (error instanceof UsageError) return true;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return code.startsWith('ERR_PARSE_ARGS_');
}

/** What was typed makes no sense: the message and the usage go to stderr, and the exit code is 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

type Subcommand = (args: readonly string[]) => Promise<void>;

/** Runs `<first argument>` of `commands`. Failures other than wrong usage are left to the caller. */
export async function runSubcommand(
  usage: string,
  commands: Readonly<Record<string, Subcommand>>,
  args: readonly string[],
): Promise<void> {
  const [name = '', ...rest] = args;
  if (name === 'help' || args.includes('--help')) {
    process.stdout.write(usage);
    return;
  }
  try {
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
    if (command === undefined) {
      throw new UsageError(name === '' ? 'Which command?' : `There is no command "${name}".`);
    }
    await command(rest);
  } catch (error) {
    if (!isUsageError(error)) throw error;
    process.stderr.write(`${error.message}\n\n${usage}`);
    process.exitCode = 2;
  }
}

function isUsageError(error: unknown): error is Error {
  if (error instanceof UsageError) return true;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return code.startsWith('ERR_PARSE_ARGS_');
}

/** The only operand of a command that takes one. */
export function onlyOperand(operands: readonly string[], what: string): string {
  const [operand, ...more] = operands;
  if (operand === undefined) throw new UsageError(`${what} is missing.`);
  if (more.length > 0) throw new UsageError(`Give one ${what}; "${more.join(' ')}" is too much.`);
  return operand;
}

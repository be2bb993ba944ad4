import { type Command, runWithUsage, UsageError } from './with-usage.ts';

/** Runs the command that the first argument names. Throws failures other than wrong usage. */
export async function runSubcommand(
  usage: string,
  commands: Readonly<Record<string, Command>>,
  args: readonly string[],
): Promise<void> {
  await runWithUsage(usage, args, async ([name = '', ...rest]) => {
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
    if (command === undefined) {
      throw new UsageError(
        name === '' ? 'A command is missing.' : `There is no command "${name}".`,
      );
    }
    await command(rest);
  });
}

/** The only operand of a command that takes one. An unset variable of a shell is an empty operand. */
export function onlyOperand(operands: readonly string[], what: string): string {
  const [operand, ...more] = operands;
  if (operand === undefined || operand.trim() === '') throw new UsageError(`${what} is missing.`);
  if (more.length > 0)
    throw new UsageError(`Give one ${what}; "${more.join(' ')}" is one too many.`);
  return operand;
}

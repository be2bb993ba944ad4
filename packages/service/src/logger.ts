import pino from 'pino';

import { prettyDestination } from './pretty-destination.ts';
import { censor, redactFields, redactText, SECRET_PATHS } from './redact.ts';
import { readLine, RepeatedFaults } from './repeated-faults.ts';

export type Logger = pino.Logger;
export type LogLevel = pino.LevelWithSilent;

/**
 * A structured logger: one JSON object per line on stdout, or readable lines with `pretty`.
 * Prompts, outputs, tokens, keys and secrets are replaced by name wherever they stand in the fields,
 * and cut from the errors of database clients. The message itself is the caller's: never put values
 * into it. A fault that repeats is written once, then counted.
 */
export function createLogger(options: {
  role: string;
  level: LogLevel;
  pretty?: boolean;
  destination?: pino.DestinationStream;
}): Logger {
  const stdout = options.destination ?? pino.destination({ dest: 1, sync: true });
  return pino(
    {
      level: options.level,
      base: { role: options.role, pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }), log: redactFields },
      // `redactFields` has already made plain values of errors.
      serializers: { err: (err: unknown) => err },
      // A child's own bindings do not pass through `formatters.log`.
      redact: { paths: SECRET_PATHS, censor },
      hooks: { logMethod: onceEach(new RepeatedFaults()) },
    },
    options.pretty === true ? prettyDestination(stdout) : stdout,
  );
}

/** Writes a line unless it is a fault that was written a short time ago. */
function onceEach(faults: RepeatedFaults) {
  return function logMethod(
    this: Logger,
    args: Parameters<pino.LogFn>,
    method: pino.LogFn,
    level: number,
  ): void {
    const line = readLine(args);
    const again = (repeated: number) => {
      const fields = { err: line.err, repeated };
      method.apply(this, [fields, line.message || messageOf(line.err)]);
    };
    if (faults.isNew({ ...line, level }, again)) nameError.call(this, args, method);
  };
}

/** pino would copy the message of a bare error to `msg` as it is. */
function nameError(this: Logger, args: Parameters<pino.LogFn>, method: pino.LogFn): void {
  const [first, ...rest] = args as unknown[];
  if (!(first instanceof Error)) return method.apply(this, args);
  const message = typeof rest[0] === 'string' ? rest[0] : messageOf(first);
  method.apply(this, [{ err: first }, message]);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? redactText(error.message) : '';
}

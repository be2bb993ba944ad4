import pino from 'pino';

import { prettyDestination } from './pretty-destination.ts';
import { censor, redactFields, redactText, SECRET_PATHS } from './redact.ts';

export type Logger = pino.Logger;
export type LogLevel = pino.LevelWithSilent;

/**
 * A structured logger: one JSON object per line on stdout, or readable lines with `pretty`.
 * Prompts, outputs, tokens, keys and secrets are replaced by name wherever they stand in the fields,
 * and cut from the errors of database clients. The message itself is the caller's: never put values
 * into it.
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
      hooks: { logMethod: nameError },
    },
    options.pretty === true ? prettyDestination(stdout) : stdout,
  );
}

/** pino would copy the message of a bare error to `msg` as it is. */
function nameError(this: Logger, args: Parameters<pino.LogFn>, method: pino.LogFn): void {
  const [first, ...rest] = args as unknown[];
  if (!(first instanceof Error)) return method.apply(this, args);
  const message = typeof rest[0] === 'string' ? rest[0] : redactText(first.message);
  method.apply(this, [{ err: first }, message]);
}

import pino from 'pino';

import { prettyDestination } from './pretty-destination.ts';
import { censor, redactFields, redactText, SECRET_PATHS } from './redact.ts';
import { readLine, RepeatedFaults } from './repeated-faults.ts';

export type Logger = pino.Logger;
export type LogLevel = pino.LevelWithSilent;

/**
 * A structured logger: one JSON object per line on stdout, or readable lines with `pretty`.
 * Prompts, outputs, tokens, keys and secrets are redacted by name anywhere in the fields, and
 * removed from errors of database clients. The message is not redacted: never put values into it.
 * A repeated fault is written once, then counted.
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
      // `redactFields` has already serialised errors.
      serializers: { err: (err: unknown) => err },
      // A child's bindings do not pass through `formatters.log`.
      redact: { paths: SECRET_PATHS, censor },
      hooks: { logMethod: onceEach(new RepeatedFaults()) },
    },
    options.pretty === true ? prettyDestination(stdout) : stdout,
  );
}

/** Writes a line unless the same fault was written recently. */
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

/** pino would copy the message of an error without fields to `msg` unredacted. */
function nameError(this: Logger, args: Parameters<pino.LogFn>, method: pino.LogFn): void {
  const [first, ...rest] = args as unknown[];
  if (!(first instanceof Error)) return method.apply(this, args);
  const message = typeof rest[0] === 'string' ? rest[0] : messageOf(first);
  method.apply(this, [{ err: first }, message]);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? redactText(error.message) : '';
}

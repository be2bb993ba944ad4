import type pino from 'pino';

const HIDDEN = new Set(['level', 'time', 'role', 'pid', 'msg', 'err']);

/** Turns each JSON line into `12:00:01.234 INFO  api     message name=value`, for a terminal. */
export function prettyDestination(target: pino.DestinationStream): pino.DestinationStream {
  return { write: (line) => target.write(prettyLine(line)) };
}

function prettyLine(line: string): string {
  const fields = parseFields(line);
  if (fields === null) return line;
  const text = (name: string) => (typeof fields[name] === 'string' ? fields[name] : '');
  const rest = Object.entries(fields)
    .filter(([name]) => !HIDDEN.has(name))
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  const head = [
    text('time').slice(11, 23),
    text('level').toUpperCase().padEnd(5),
    text('role').padEnd(7),
    text('msg'),
    ...rest,
  ];
  return `${head.join(' ')}\n${stackOf(fields['err'])}`;
}

function stackOf(err: unknown): string {
  if (typeof err !== 'object' || err === null || !('stack' in err)) return '';
  return typeof err.stack === 'string' ? `${err.stack.replaceAll(/^/gm, '    ')}\n` : '';
}

function parseFields(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? { ...value } : null;
  } catch {
    // A line that is not JSON is shown unchanged rather than lost.
    return null;
  }
}

/**
 * The meaning of a statement's error for its caller. The error's own code decides, else the code
 * of the first cause that has one.
 */

/**
 * Codes of the driver and the operating system for a connection that cannot be opened or was lost.
 */
const CONNECTION_CODES: ReadonlySet<string> = new Set([
  'CONNECT_TIMEOUT',
  'CONNECTION_CLOSED',
  'CONNECTION_DESTROYED',
  'CONNECTION_ENDED',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
]);

/**
 * SQLSTATEs of a server that cannot serve: lost connections (08), a wrong password (28) or database
 * (3D000), a read-only server (25006), missing tables or schemas (42P01, 3F000), too few resources
 * (53), a server that stops, crashed or starts (57P), and I/O errors (58).
 */
const UNAVAILABLE = /^(08...|28...|3D000|25006|42P01|3F000|53...|57P0[1235]|58...)$/;

/**
 * An SQLSTATE. Codes of the operating system begin with E, and some also have five characters
 * (EPIPE).
 */
const SQLSTATE = /^[0-9A-DF-Z][0-9A-Z]{4}$/;

/** With these SQLSTATEs the server ends a connection, possibly after it committed. */
const CONNECTION_ENDED = /^(08|57P)/;

/** Deadlock detected, serialization failure. */
const CONFLICTS: ReadonlySet<string> = new Set(['40P01', '40001']);

/** A wrong password, a missing database or table: waiting does not help. */
const MISCONFIGURED = /^(28|3D|42)/;

/** The driver refuses these before it sends anything. */
const REFUSED_BY_DRIVER: ReadonlySet<string> = new Set([
  'MAX_PARAMETERS_EXCEEDED',
  'NOT_TAGGED_CALL',
  'UNDEFINED_VALUE',
  'UNSAFE_TRANSACTION',
]);

const UNIQUE_VIOLATION = '23505';
const LOCK_NOT_AVAILABLE = '55P03';
const PROTOCOL_VIOLATION = '08P01';
const CAUSES_MAX = 5;

type Coded = Error & { code: string };

/**
 * Whether Postgres cannot serve now, as opposed to refusing one statement: the same call may
 * succeed later, and the caller did nothing wrong.
 */
export function isUnavailable(error: unknown): boolean {
  return listCauses(error).some((cause) => {
    if (cause.name === 'PostgresError' && UNAVAILABLE.test(cause.code)) return true;
    // A missing file is ENOENT too; only a missing socket comes from `connect`.
    if (cause.code === 'ENOENT') return 'syscall' in cause && cause.syscall === 'connect';
    return CONNECTION_CODES.has(cause.code);
  });
}

/** Whether Postgres cannot serve now but may recover without a change of its settings or ours. */
export function isPassing(error: unknown): boolean {
  const [first] = listCauses(error);
  return isUnavailable(error) && !(first && MISCONFIGURED.test(first.code));
}

/**
 * Whether the failed transaction may have been committed, because the connection broke before the
 * reply. After any other refusal by Postgres nothing was written.
 */
export function isOutcomeUnknown(error: unknown): boolean {
  const [first] = listCauses(error);
  if (first === undefined || REFUSED_BY_DRIVER.has(first.code)) return false;
  return !SQLSTATE.test(first.code) || CONNECTION_ENDED.test(first.code);
}

/**
 * Whether the transaction lost against a concurrent one. Nothing was written, and a retry may
 * succeed.
 */
export function isConflict(error: unknown): boolean {
  const [first] = listCauses(error);
  return first !== undefined && CONFLICTS.has(first.code);
}

/** Whether the statement waited for a lock for longer than `lock_timeout`. */
export function isLockTimeout(error: unknown): boolean {
  return listCauses(error)[0]?.code === LOCK_NOT_AVAILABLE;
}

/** Whether the server refused what was sent as not part of its protocol. */
export function isProtocolViolation(error: unknown): boolean {
  return listCauses(error)[0]?.code === PROTOCOL_VIOLATION;
}

/** Whether another row already has this value of the unique constraint. */
export function isTaken(error: unknown, constraint: string): boolean {
  const [first] = listCauses(error);
  return (
    first?.code === UNIQUE_VIOLATION &&
    'constraint_name' in first &&
    first.constraint_name === constraint
  );
}

/** The error and its causes, outermost first, without those that have no code. */
function listCauses(error: unknown): Coded[] {
  const causes: Coded[] = [];
  let current = error;
  for (let depth = 0; depth < CAUSES_MAX && current instanceof Error; depth++) {
    if (hasCode(current)) causes.push(current);
    current = current.cause;
  }
  return causes;
}

function hasCode(error: Error): error is Coded {
  return 'code' in error && typeof error.code === 'string';
}

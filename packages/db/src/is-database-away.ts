const CLIENT_CODES = new Set([
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
 * Connection exceptions, a password or a database that is wrong, a server that only reads, too many
 * connections or too little memory or disk, a server that stops, crashed or starts, and tables that are not there.
 */
const SQLSTATES = /^(08...|28...|3D000|25006|42P01|3F000|53...|57P0[1235]|58...)$/;
const CAUSES_MAX = 5;

/**
 * Whether an error says that Postgres cannot serve now, rather than that it refused one statement:
 * the same call may succeed later, and the caller did nothing wrong.
 */
export function isDatabaseAway(error: unknown): boolean {
  let current = error;
  for (let depth = 0; depth < CAUSES_MAX && current instanceof Error; depth++) {
    const code = 'code' in current ? String(current.code) : '';
    if (isFromPostgres(current) && SQLSTATES.test(code)) return true;
    // File systems know ENOENT too, but only sockets and database clients are asked to connect.
    if (CLIENT_CODES.has(code) && (code !== 'ENOENT' || isConnect(current))) return true;
    current = current.cause;
  }
  return false;
}

function isFromPostgres(error: Error): boolean {
  return error.name === 'PostgresError';
}

function isConnect(error: Error): boolean {
  return 'syscall' in error && error.syscall === 'connect';
}

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
/** Connection exceptions, too many connections, and a server that stops, crashed or starts. */
const SQLSTATES = /^(08...|53300|57P0[123])$/;
const CAUSES_MAX = 5;

/** Whether an error says that Postgres could not be reached, rather than that it refused something. */
export function isDatabaseAway(error: unknown): boolean {
  let current = error;
  for (let depth = 0; depth < CAUSES_MAX && current instanceof Error; depth++) {
    const code = 'code' in current ? String(current.code) : '';
    if (SQLSTATES.test(code)) return true;
    // File systems know ENOENT too, but only sockets and database clients are asked to connect.
    if (CLIENT_CODES.has(code) && (code !== 'ENOENT' || isConnect(current))) return true;
    current = current.cause;
  }
  return false;
}

function isConnect(error: Error): boolean {
  return 'syscall' in error && error.syscall === 'connect';
}

import { AsyncLocalStorage } from 'node:async_hooks';

import { type Db, isUnavailable, schema } from '@runfleet/db';
import { drizzleAdapter } from 'better-auth/adapters/drizzle';
import { hashPassword, verifyPassword } from 'better-auth/crypto';
import { betterAuth } from 'better-auth/minimal';

import { HashQueue } from './hash-queue.ts';
import { SignInThrottle } from './sign-in-throttle.ts';

/**
 * The header that carries the client's address from the HTTP server to better-auth; a client's own
 * is replaced.
 */
export const CLIENT_IP_HEADER = 'x-runfleet-client-ip';

/** Sign-in to the dashboard. */
export type Auth = {
  /**
   * Answers the paths below `/api/auth`. Throws `unavailable` if too many passwords are being
   * hashed, and the cause if better-auth would answer 500.
   */
  handler(request: Request): Promise<Response>;
  readonly throttle: SignInThrottle;
  /** The user of the session cookie in these headers. */
  readUser(headers: Headers): Promise<SignedInUser | null>;
  readonly trustedOrigins: readonly string[];
  readonly db: Db;
};

type SignedInUser = { id: string; email: string; name: string; isOperator: boolean };

/**
 * better-auth with e-mail and password on our tables. `createUser` creates users; signing up over
 * HTTP is closed. `baseUrl` is the dashboard's URL; cookies are Secure if it is https.
 */
export function createAuth(options: {
  db: Db;
  baseUrl: string;
  secret: string;
  trustedOrigins: readonly string[];
  /** Messages of better-auth, without the values that it appends. */
  onLog?: (line: { level: string; message: string }) => void;
}): Auth {
  const { db, baseUrl, onLog = () => {} } = options;
  const hashes = new HashQueue();
  const faults = new AsyncLocalStorage<{ cause: unknown }>();
  const instance = betterAuth({
    appName: 'Runfleet',
    baseURL: baseUrl,
    basePath: '/api/auth',
    secret: options.secret,
    trustedOrigins: [...options.trustedOrigins],
    database: drizzleAdapter(db.orm, {
      provider: 'pg',
      schema: {
        user: schema.users,
        session: schema.sessions,
        account: schema.credentials,
        verification: schema.verifications,
      },
    }),
    user: { additionalFields: { isOperator: { type: 'boolean', input: false } } },
    emailAndPassword: {
      enabled: true,
      disableSignUp: true,
      password: {
        hash: (password) => hashes.run(() => hashPassword(password)),
        verify: (given) => hashes.run(() => verifyPassword(given)),
      },
    },
    // Its counts per address have no bound; `throttle` and the api's own limits replace them.
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
    logger: {
      level: 'debug',
      disableColors: true,
      // The values may be e-mail addresses. An error is the cause of the response that follows.
      log: (level, message, ...values) => {
        const fault = faults.getStore();
        if (fault) fault.cause ??= values.find((value) => value instanceof Error);
        onLog({ level, message });
      },
    },
    // The api answers unexpected errors; by default better-auth prints them with the statement and
    // its values.
    onAPIError: { throw: true },
    advanced: {
      cookiePrefix: 'runfleet',
      // Explicit, because better-auth disables both checks when it detects a test run.
      disableOriginCheck: false,
      disableCSRFCheck: false,
      useSecureCookies: baseUrl.startsWith('https:'),
      ipAddress: { ipAddressHeaders: [CLIENT_IP_HEADER] },
      database: { generateId: 'uuid' },
    },
  });

  return {
    db,
    trustedOrigins: [new URL(baseUrl).origin, ...options.trustedOrigins],
    throttle: new SignInThrottle(),
    async handler(request) {
      const fault = { cause: undefined };
      const handle = () => faults.run(fault, () => instance.handler(request));
      const answer = await (request.method === 'POST' ? hashes.admit(handle) : handle());
      // While Postgres is unavailable better-auth treats a user that it cannot read as signed out.
      if (answer.status < 500 && !isUnavailable(fault.cause)) return answer;
      throw new Error('better-auth could not answer.', fault);
    },
    async readUser(headers) {
      const session = await instance.api.getSession({ headers });
      if (session === null) return null;
      const { id, email, name, isOperator } = session.user;
      return { id, email, name, isOperator: isOperator === true };
    },
  };
}

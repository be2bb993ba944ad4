import { timingSafeEqual } from 'node:crypto';

import type { Db } from '@runfleet/db';
import { MESSAGES, RunfleetError } from '@runfleet/protocol';
import { addressGroup, type RateLimiter } from '@runfleet/service';

import { isIpAllowed } from './allowed-ips.ts';
import { type Credentials, type HeaderReader, readCredentials } from './credentials.ts';
import { findProjectByKey, hashKey, type KeyedProject } from './keyed-project.ts';
import type { MasterKey } from './master-key.ts';
import type { Principal } from './principal.ts';
import type { ProjectCache } from './project-cache.ts';
import { isSignatureOf } from './signature.ts';

// Used as the secret of an unknown key, so that the comparison takes as long as for a known one.
const NO_SECRET = 'x'.repeat(40);

type ProjectContext = {
  db: Db;
  masterKey: MasterKey | null;
  cache?: ProjectCache;
  /** The limit of wrong keys and signatures per address. */
  guesses?: RateLimiter;
};

/**
 * Finds the project of a request by its key and, for `signature` projects, its signature. A nonce
 * is free text and may be reused. Throws `unauthorized` with the message that clients match on,
 * and `rate_limited` for an address with too many wrong guesses; a cached project is still served
 * from that address.
 */
export async function authenticateProject(
  ctx: ProjectContext,
  request: { headers: HeaderReader; ip: string },
): Promise<Principal> {
  const credentials = readCredentials(request.headers);
  if (credentials === null) throw unauthorized(MESSAGES.unknownKey);

  const load = (keyHash: Buffer) => findWithinLimit(ctx, keyHash, request.ip);
  const keyHash = hashKey(credentials.apiKey);
  const project = await (ctx.cache ? ctx.cache.read(keyHash, load) : load(keyHash));
  const problem = findProblem(project, credentials);
  if (project === null) throw unauthorized(MESSAGES.unknownKey);
  if (problem !== null) {
    countGuess(ctx, request.ip);
    throw unauthorized(problem);
  }
  if (!isIpAllowed(request.ip, project.allowedIps)) {
    throw unauthorized(MESSAGES.ipNotAllowed(request.ip));
  }
  return project.principal;
}

/** Counted before the query, because otherwise many concurrent guesses would all be queried. */
async function findWithinLimit(
  ctx: ProjectContext,
  keyHash: Buffer,
  ip: string,
): Promise<KeyedProject | null> {
  countGuess(ctx, ip);
  const project = await findProjectByKey(ctx, keyHash);
  if (project !== null) ctx.guesses?.giveBack(addressGroup(ip));
  return project;
}

function countGuess(ctx: ProjectContext, ip: string): void {
  const waitMs = ctx.guesses?.take(addressGroup(ip)) ?? 0;
  if (waitMs === 0) return;
  const retryAfterSeconds = Math.ceil(waitMs / 1000);
  throw new RunfleetError(
    'rate_limited',
    `Too many wrong keys from your address. Try again in ${retryAfterSeconds} s.`,
    { retryAfterSeconds },
  );
}

function findProblem(project: KeyedProject | null, credentials: Credentials): string | null {
  if (project?.authType === 'apikey') return null;
  const secret = project?.secret ?? NO_SECRET;
  if (credentials.apiSecret !== '') {
    return isSecret(credentials.apiSecret, secret) ? null : MESSAGES.badSignature;
  }
  if (credentials.nonce === '' || credentials.signature === '') return MESSAGES.signatureRequired;
  const { apiKey, nonce, signature } = credentials;
  const isValid = isSignatureOf(signature, { apiKey, apiSecret: secret, nonce });
  return isValid ? null : MESSAGES.badSignature;
}

/** Compares digests, which have the same length for any input. */
function isSecret(given: string, secret: string): boolean {
  return timingSafeEqual(hashKey(given), hashKey(secret));
}

function unauthorized(message: string): RunfleetError {
  return new RunfleetError('unauthorized', message);
}

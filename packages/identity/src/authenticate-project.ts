import { timingSafeEqual } from 'node:crypto';

import type { Db } from '@runfleet/db';
import { MESSAGES, RunfleetError } from '@runfleet/protocol';

import { isIpAllowed } from './allowed-ips.ts';
import { type Credentials, type HeaderReader, readCredentials } from './credentials.ts';
import { findProjectByKey, hashKey, type KeyedProject } from './keyed-project.ts';
import type { MasterKey } from './master-key.ts';
import type { Principal } from './principal.ts';
import type { ProjectCache } from './project-cache.ts';
import { isSignatureOf } from './signature.ts';

// Stands in for the secret of a key that nobody has, so that finding this out takes as long.
const NO_SECRET = 'x'.repeat(40);

/**
 * Says which project a request belongs to, by its key and, where the project wants one, its
 * signature. A nonce is free text and may be used again. Throws `unauthorized` with the message that
 * clients match on.
 */
export async function authenticateProject(
  ctx: { db: Db; masterKey: MasterKey | null; cache?: ProjectCache },
  request: { headers: HeaderReader; ip: string },
): Promise<Principal> {
  const credentials = readCredentials(request.headers);
  if (credentials === null) throw unauthorized(MESSAGES.unknownKey);

  const load = (keyHash: Buffer) => findProjectByKey(ctx, keyHash);
  const keyHash = hashKey(credentials.apiKey);
  const project = await (ctx.cache ? ctx.cache.read(keyHash, load) : load(keyHash));
  const problem = findProblem(project, credentials);
  if (project === null) throw unauthorized(MESSAGES.unknownKey);
  if (problem !== null) throw unauthorized(problem);
  if (!isIpAllowed(request.ip, project.allowedIps)) {
    throw unauthorized(MESSAGES.ipNotAllowed(request.ip));
  }
  return project.principal;
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

/** Compares digests, which have one length whatever was sent. */
function isSecret(given: string, secret: string): boolean {
  return timingSafeEqual(hashKey(given), hashKey(secret));
}

function unauthorized(message: string): RunfleetError {
  return new RunfleetError('unauthorized', message);
}

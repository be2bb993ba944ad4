import { hash } from 'node:crypto';

import type { Db } from '@runfleet/db';
import { RunfleetError } from '@runfleet/protocol';

import { type AllowedIps, parseAllowedIps } from './allowed-ips.ts';
import { type MasterKey, openSecret } from './master-key.ts';
import type { Principal } from './principal.ts';

/** A project that was found by its key. */
export type KeyedProject = {
  principal: Principal;
  authType: 'signature' | 'apikey';
  /** Null for projects without signatures. */
  secret: string | null;
  allowedIps: AllowedIps;
};

type Row = {
  id: string;
  organisationId: string;
  ownerId: string;
  name: string;
  authType: 'signature' | 'apikey';
  encryptedSecret: Uint8Array | null;
  allowedIps: string[] | null;
};

/** The stored form of a key. */
export function hashKey(apiKey: string): Buffer {
  return hash('sha256', apiKey, 'buffer');
}

/**
 * The project whose key has this hash; null if there is none or it was revoked. A rotated key is
 * valid with its own secret until its overlap ends. Without a master key only projects without
 * secrets are found; others throw `unavailable`.
 */
export async function findProjectByKey(
  ctx: { db: Db; masterKey: MasterKey | null },
  keyHash: Buffer,
): Promise<KeyedProject | null> {
  const [row] = await ctx.db.sql<Row[]>`
    select id, organisation_id as "organisationId", owner_id as "ownerId", name,
           auth_type as "authType", allowed_ips as "allowedIps",
           case when key_hash = ${keyHash} then encrypted_secret
                else previous_encrypted_secret end as "encryptedSecret"
    from projects where ${isLiveKey(ctx.db, keyHash)}`;
  if (!row) return null;
  return {
    principal: {
      organisationId: row.organisationId,
      projectId: row.id,
      ownerId: row.ownerId,
      projectName: row.name,
    },
    authType: row.authType,
    secret: row.encryptedSecret && open(ctx.masterKey, row.id, row.encryptedSecret),
    allowedIps: parseAllowedIps(row.allowedIps),
  };
}

/** The `keyHashes` (hex) of keys that are still valid. */
export async function readLiveKeys(
  ctx: { db: Db },
  keyHashes: readonly string[],
): Promise<Set<string>> {
  const { sql } = ctx.db;
  const rows = await sql<{ keyHash: string }[]>`
    select asked.hex as "keyHash" from unnest(${keyHashes}::text[]) as asked (hex)
    where exists (select from projects where ${isLiveKey(ctx.db, sql`decode(asked.hex, 'hex')`)})`;
  return new Set(rows.map(({ keyHash }) => keyHash));
}

function isLiveKey({ sql }: Db, keyHash: Buffer | ReturnType<Db['sql']>) {
  return sql`
    revoked_at is null and (
      key_hash = ${keyHash}
      or (previous_key_hash = ${keyHash} and previous_key_until > now()))`;
}

function open(masterKey: MasterKey | null, projectId: string, sealed: Uint8Array): string {
  if (masterKey !== null) return openSecret(masterKey, projectId, sealed);
  throw new RunfleetError(
    'unavailable',
    'Signatures cannot be checked here: this process has no master key.',
  );
}

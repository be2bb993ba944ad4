import { hash } from 'node:crypto';

import type { Db } from '@runfleet/db';

import { type AllowedIps, parseAllowedIps } from './allowed-ips.ts';
import { type MasterKey, openSecret } from './master-key.ts';
import type { Principal } from './principal.ts';

/** A project as it is found by its key. */
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

/** What Postgres keeps of a key. */
export function hashKey(apiKey: string): Buffer {
  return hash('sha256', apiKey, 'buffer');
}

/** The project whose key has this hash; null where there is none or it was revoked. */
export async function findProjectByKey(
  ctx: { db: Db; masterKey: MasterKey },
  keyHash: Buffer,
): Promise<KeyedProject | null> {
  const [row] = await ctx.db.sql<Row[]>`
    select id, organisation_id as "organisationId", owner_id as "ownerId", name,
           auth_type as "authType", encrypted_secret as "encryptedSecret",
           allowed_ips as "allowedIps"
    from projects where key_hash = ${keyHash} and revoked_at is null`;
  if (!row) return null;
  return {
    principal: {
      organisationId: row.organisationId,
      projectId: row.id,
      ownerId: row.ownerId,
      projectName: row.name,
    },
    authType: row.authType,
    secret:
      row.encryptedSecret === null ? null : openSecret(ctx.masterKey, row.id, row.encryptedSecret),
    allowedIps: parseAllowedIps(row.allowedIps),
  };
}

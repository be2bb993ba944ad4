import type { Db } from '@runfleet/db';
import { randomAlphanumeric } from '@runfleet/protocol';

import { hashKey } from './keyed-project.ts';
import { type MasterKey, sealSecret } from './master-key.ts';

const KEY_LENGTH = 32;
const SECRET_LENGTH = 48;
const HINT_LENGTH = 4;

/** A new project with its credentials. The key and the secret cannot be read again. */
export type CreatedProject = { projectId: string; apiKey: string; apiSecret: string | null };

/** Creates a project. `authType` never changes; only `signature` projects have a secret. */
export async function createProject(
  ctx: { db: Db; masterKey: MasterKey },
  project: {
    organisationId: string;
    ownerId: string;
    name: string;
    authType: 'signature' | 'apikey';
    /** Addresses, networks or `*`; every address if omitted. */
    allowedIps?: readonly string[];
  },
): Promise<CreatedProject> {
  const projectId = await nextProjectId(ctx.db);
  const { authType } = project;
  const made = makeCredentials(ctx.masterKey, { projectId, authType });
  const allowedIps = project.allowedIps === undefined ? null : [...project.allowedIps];
  await ctx.db.sql`
    insert into projects (id, organisation_id, owner_id, name, auth_type, key_hash, key_hint,
                          encrypted_secret, allowed_ips)
    overriding system value
    values (${projectId}, ${project.organisationId}, ${project.ownerId}, ${project.name},
            ${authType}, ${made.keyHash}, ${made.keyHint}, ${made.sealed}, ${allowedIps})`;
  return { projectId, apiKey: made.apiKey, apiSecret: made.apiSecret };
}

/** A key and, for `signature` projects, a secret, with the columns that store them. */
export function makeCredentials(
  masterKey: MasterKey,
  project: { projectId: string; authType: 'signature' | 'apikey' },
) {
  const { projectId, authType } = project;
  const apiKey = randomAlphanumeric(KEY_LENGTH);
  const apiSecret = authType === 'signature' ? randomAlphanumeric(SECRET_LENGTH) : null;
  return {
    apiKey,
    apiSecret,
    keyHash: hashKey(apiKey),
    keyHint: apiKey.slice(-HINT_LENGTH),
    sealed: apiSecret === null ? null : sealSecret(masterKey, projectId, apiSecret),
  };
}

/** Read before the insert, because the secret is sealed for its project's id. */
async function nextProjectId(db: Db): Promise<string> {
  const [row] = await db.sql<{ id: string }[]>`
    select nextval(pg_get_serial_sequence('projects', 'id')) as id`;
  if (!row) throw new Error('Postgres returned no id for the new project.');
  return row.id;
}

import { type Db, isTaken } from '@runfleet/db';
import { createProject, type MasterKey } from '@runfleet/identity';
import type { Pico } from '@runfleet/protocol';

import { withinTransaction } from '../within-transaction.ts';
import { createOwnedOrganisation } from './create-owned-organisation.ts';
import { requireSameMasterKey } from './init-settings.ts';

export type NewTenant = {
  organisation: string;
  email: string;
  password: string;
  deposited: Pico;
  isOperator: boolean;
};

/** Shown only once: the key and the secret cannot be read again. */
export type CreatedTenant = {
  organisationId: string;
  email: string;
  projectId: string;
  apiKey: string;
  apiSecret: string;
};

/** Creates everything or nothing. Throws if the e-mail is taken or existing secrets have another key. */
export async function createDeploymentTenant(
  ctx: { db: Db; masterKey: MasterKey },
  wanted: NewTenant,
): Promise<CreatedTenant> {
  const email = wanted.email.toLowerCase();
  await requireSameMasterKey(ctx);
  try {
    return await withinTransaction(ctx.db, async (db) => {
      const { organisationId, ownerId } = await createOwnedOrganisation(
        { db },
        {
          organisation: wanted.organisation,
          owner: { email, name: email, password: wanted.password, isOperator: wanted.isOperator },
          deposited: wanted.deposited,
        },
      );
      const { projectId, apiKey, apiSecret } = await createProject(
        { db, masterKey: ctx.masterKey },
        { organisationId, ownerId, name: 'First project', authType: 'signature' },
      );
      return { organisationId, email, projectId, apiKey, apiSecret: apiSecret ?? '' };
    });
  } catch (error) {
    if (!isTaken(error, 'users_email_unique')) throw error;
    throw new Error(
      `A user ${email} exists already. Nothing was created; choose another --email.`,
      {
        cause: error,
      },
    );
  }
}

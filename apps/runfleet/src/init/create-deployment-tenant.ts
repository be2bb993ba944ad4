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

/** What is told once: the key and the secret cannot be read again. */
export type TenantMade = {
  organisationId: string;
  email: string;
  projectId: string;
  apiKey: string;
  apiSecret: string;
};

/** All of it or nothing. Throws where the e-mail is taken or the key is another one. */
export async function createDeploymentTenant(
  ctx: { db: Db; masterKey: MasterKey },
  wanted: NewTenant,
): Promise<TenantMade> {
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
      `There is a user ${email} already. Nothing was created; give another --email.`,
      {
        cause: error,
      },
    );
  }
}

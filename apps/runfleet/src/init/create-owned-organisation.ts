import { deposit } from '@runfleet/billing';
import type { Db } from '@runfleet/db';
import { addMember, createOrganisation, createUser } from '@runfleet/identity';
import type { Pico } from '@runfleet/protocol';

/** Creates an organisation with its owner, and deposits money unless `deposited` is zero. */
export async function createOwnedOrganisation(
  ctx: { db: Db },
  wanted: {
    organisation: string;
    owner: { email: string; name: string; password: string; isOperator: boolean };
    deposited: Pico;
  },
): Promise<{ organisationId: string; ownerId: string }> {
  const { userId: ownerId } = await createUser(ctx, wanted.owner);
  const { organisationId } = await createOrganisation(ctx, { name: wanted.organisation });
  await addMember(ctx, { organisationId, userId: ownerId, role: 'owner' });
  if (wanted.deposited > 0n) {
    const businessKey = `first-deposit:${organisationId}`;
    await deposit(ctx, { organisationId, amount: wanted.deposited, businessKey });
  }
  return { organisationId, ownerId };
}

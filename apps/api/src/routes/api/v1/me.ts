import { readAccount } from '@runfleet/billing';
import { slugOf } from '@runfleet/catalog';
import { listProjects } from '@runfleet/identity';
import { meSchema, formatUsd, type Me } from '@runfleet/protocol';
import { listServedWeights } from '@runfleet/tasks';

import type { ApiContext, ApiHandler } from '../../../api-context.ts';
import { answerJson } from '../../../http/answer.ts';
import { requireSession } from '../../../http/caller.ts';
import type { Route } from '../../../route.ts';

/** The signed-in user, with the projects and the account of their organisation. */
export const meRoute: Route = {
  call: 'GET /api/v1/me',
  answer: meSchema,
  open: readMe,
};

function readMe(ctx: ApiContext): ApiHandler {
  return async (c) => {
    const session = await requireSession(ctx, c);
    const [membership] = session.memberships;
    const organisation = membership
      ? { id: membership.organisationId, name: membership.organisationName }
      : null;
    const [served, projects, account] = await Promise.all([
      readServed(ctx),
      organisation === null ? [] : listProjects(ctx, organisation.id),
      organisation === null ? null : readAccount(ctx, organisation.id),
    ]);
    return answerJson<Me>(c, {
      user: {
        id: session.userId,
        email: session.email,
        name: session.name,
        isOperator: session.isOperator,
      },
      organisation,
      projects: projects.map(({ id, name, authType, keyHint }) => ({
        id,
        name,
        authType,
        keyHint,
      })),
      account: account && {
        balance: formatUsd(account.balance),
        held: formatUsd(account.held),
        activeTasks: account.activeTasks,
      },
      socketUrl: ctx.settings.socketUrl,
      served,
    });
  };
}

/**
 * The weights that are ready to answer, by model. A page shows when they are not the model's own.
 */
async function readServed(ctx: ApiContext): Promise<Record<string, string[]>> {
  const { offered } = ctx.catalogue.current;
  const weights = await listServedWeights(ctx);
  return Object.fromEntries(
    offered.map((model) => [slugOf(model), weights.get(model.pool) ?? []] as const),
  );
}

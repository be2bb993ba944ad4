import { readAccount } from '@runfleet/billing';
import { listProjects } from '@runfleet/identity';
import { formatUsd } from '@runfleet/protocol';

import type { ApiContext, ApiHandler } from '../api-context.ts';
import { answerJson } from '../http/answer.ts';
import { requireSession } from '../http/caller.ts';

/** `GET /api/v1/me`: who is signed in, with their organisation's projects and account. */
export function readMe(ctx: ApiContext): ApiHandler {
  return async (c) => {
    const session = await requireSession(ctx, c);
    const [membership] = session.memberships;
    const organisationId = membership?.organisationId;
    const [projects, account] =
      organisationId === undefined
        ? [[], null]
        : await Promise.all([listProjects(ctx, organisationId), readAccount(ctx, organisationId)]);
    return answerJson(c, {
      user: {
        id: session.userId,
        email: session.email,
        name: session.name,
        isOperator: session.isOperator,
      },
      organisation: membership ? { id: organisationId, name: membership.organisationName } : null,
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
    });
  };
}

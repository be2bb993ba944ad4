import { Readable } from 'node:stream';

import { openExport } from '@runfleet/exports';
import { RunfleetError } from '@runfleet/protocol';

import type { ApiContext, ApiRequest } from '../../../api-context.ts';
import { answerHeaders } from '../../../http/answer.ts';
import { hasKey, identifyCaller, requireSession } from '../../../http/caller.ts';
import type { Route } from '../../../route.ts';

/** The file of a finished export, for callers of its organisation. */
export const exportDownloadRoute: Route = {
  call: 'GET /v1/export/download/:id',
  answer: null,
  open: (ctx) => async (c) => {
    const organisationIds = await organisationsOf(ctx, c);
    const id = (c.req.param('id') ?? '').toLowerCase();
    const file = await openExport(ctx, { organisationIds, id });
    if (!file) {
      throw new RunfleetError(
        'file_not_found',
        'No such export, or it is not finished. Exports are kept for a day.',
      );
    }
    const type = file.format === 'csv' ? 'text/csv' : 'application/jsonl';
    const headers = answerHeaders(c, `${type}; charset=utf-8`, {
      'content-length': String(file.sizeBytes),
      'content-disposition': `attachment; filename="${file.kind}-${id}.${file.format}"`,
    });
    if (c.req.method === 'HEAD') {
      file.body.destroy();
      return new Response(null, { headers });
    }
    return new Response(Readable.toWeb(file.body) as ReadableStream<Uint8Array>, { headers });
  },
};

/** A link of the dashboard sends the session's cookie and no origin; it changes nothing. */
async function organisationsOf(ctx: ApiContext, c: ApiRequest): Promise<string[]> {
  if (!hasKey(c)) {
    const { memberships } = await requireSession(ctx, c);
    return memberships.map(({ organisationId }) => organisationId);
  }
  const caller = await identifyCaller(ctx, c);
  return 'principal' in caller ? [caller.principal.organisationId] : [];
}

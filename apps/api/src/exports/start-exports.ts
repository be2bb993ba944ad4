import { deleteExport, runExport } from '@runfleet/exports';

import type { ApiContext } from '../api-context.ts';

/** Writes and deletes exports, at most `atOnce` at a time, until disposed, which ends those in progress. */
export function startExports(ctx: ApiContext, atOnce: number): AsyncDisposable {
  const stopping = new AbortController();
  const ended = ctx.metrics.counter(
    'runfleet_api_export_attempts_total',
    'Attempts at exports, by result: done or failed.',
    ['result'],
  );
  const modelNameOf = (modelId: string) => {
    const model = ctx.catalogue.current.byId(modelId);
    return model ? `${model.owner}/${model.name}` : modelId;
  };
  const receiver = ctx.exportJobs.receive(atOnce, async ({ task, id }) => {
    if (task === 'delete') {
      await deleteExport(ctx, id);
      return 'done';
    }
    try {
      const end = await runExport({ ...ctx, signal: stopping.signal, modelNameOf }, id);
      ended.inc({ result: 'done' });
      return end;
    } catch (err) {
      ended.inc({ result: 'failed' });
      ctx.logger.warn({ err }, 'export failed; retrying');
      throw err;
    }
  });
  return {
    async [Symbol.asyncDispose]() {
      stopping.abort(new Error('The api stops.'));
      await receiver[Symbol.asyncDispose]();
    },
  };
}

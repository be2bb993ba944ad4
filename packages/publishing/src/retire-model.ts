import { documentOf } from '@runfleet/catalog';
import type { Db } from '@runfleet/db';

import { changeModels } from './change-models.ts';
import { insertVersion, type Published } from './publish-model.ts';

/**
 * Takes a model out of the catalogue: new Runs of it are refused, its queued and running tasks end as
 * usual. Throws where there is no such model.
 */
export async function retireModel(
  ctx: { db: Db },
  { owner, name }: { owner: string; name: string },
): Promise<Published> {
  return changeModels(ctx.db, async (tx, catalogue) => {
    const model = catalogue.findAny(owner, name);
    if (!model) throw new Error(catalogue.describeUnknown(owner, name));
    if (model.isRetired) return { model, isNew: false };
    const retired = { ...model, isRetired: true };
    const updated = await tx`
      update models set retired_at = now() where id = ${model.id}::bigint and version = ${model.version}`;
    // A compiled-in model that was never published has no row.
    if (updated.count === 0) await insertVersion(tx, retired, documentOf(model));
    return { model: retired, isNew: true };
  });
}

import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { findModel, type ListedModel } from './list-models.ts';
import { type ModelContext, modelsFolder } from './model-context.ts';
import { writeNameInUse } from './model-in-use.ts';
import { servingPid } from './served-model.ts';

/** Removes a model's folder; for a linked model, only the links. A model in use or served needs `isForced`. */
export async function removeModel(
  ctx: Pick<ModelContext, 'home'>,
  name: string,
  isForced: boolean,
): Promise<ListedModel> {
  const model = await findModel(ctx, name);
  const served = await servingPid(ctx.home, name);
  if (served !== undefined && !isForced) {
    throw new Error(
      `${name} is served by process ${served}. Stop that process first, or add --force.`,
    );
  }
  if (model.isInUse) {
    if (!isForced) {
      throw new Error(
        `${name} is the model in use. Choose another with "runfleet model use <name>" first, or add --force.`,
      );
    }
    await writeNameInUse(ctx.home, null);
  }
  // Renamed first, because a partly removed folder would look like a damaged model.
  const former = join(modelsFolder(ctx), `.former-${name}-${process.pid}`);
  await rename(model.dir, former);
  await rm(former, { recursive: true, force: true });
  return model;
}

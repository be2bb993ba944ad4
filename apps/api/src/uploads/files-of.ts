import type { UploadContext } from '@runfleet/files';

import type { ApiContext } from '../api-context.ts';

/** What `packages/files` needs to change files. */
export function filesOf({ db, storage, settings }: ApiContext): UploadContext {
  return { db, storage, limits: settings.fileLimits };
}

import { eventually } from '@runfleet/testing';
import { expect } from 'vitest';

import { testWithApi as test } from '../testing.ts';
import { startFileUpkeep } from './start-file-upkeep.ts';

test('an expired file is deleted from the storage, also after a failure', async ({
  api,
  db,
  tenant,
}) => {
  const form = new FormData();
  form.set('file', new Blob(['a']), 'a.txt');
  await api.call(tenant, '/v1/File/Upload', form);
  await db.sql`update file_entries set expires_at = now()`;
  let failures = 1;
  const storage = {
    ...api.ctx.storage,
    delete: (key: string) =>
      failures-- > 0 ? Promise.reject(new Error('away')) : api.ctx.storage.delete(key),
  };
  await using _upkeep = startFileUpkeep({ ...api.ctx, storage }, { min: 1, max: 2 });
  await eventually(() => expect(failures).toBe(0));
  await db.sql`update stray_objects set due_at = now()`;
  await eventually(async () => {
    expect(await db.sql`select key from stray_objects`).toHaveLength(0);
    for await (const page of api.ctx.storage.list('uploads')) expect(page).toEqual([]);
  });
});

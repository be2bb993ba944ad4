import { access } from 'node:fs/promises';

import { openMasterKey } from '@runfleet/identity';

import { requireSameMasterKey } from '../../init/init-settings.ts';
import { type CheckContext, type Finding, ok, problem, reasonOf } from '../check.ts';
import { askPostgres } from './ask-postgres.ts';

/** Checks that there is a master key and that it opens the secrets in the database. */
export async function checkMasterKey(ctx: CheckContext): Promise<Finding> {
  const { masterKey: hex, masterKeyFile: file } = ctx.settings;
  const source = hex === null ? file : 'MASTER_KEY';
  if (hex === null && !(await exists(file))) return judgeAbsence(ctx, file);
  try {
    const masterKey = await openMasterKey(hex === null ? { file } : { hex, file });
    const opened = await askPostgres(ctx, async (sql) => {
      const [projects] = await sql`select to_regclass('projects')::text as name`;
      if (projects?.['name'] === null) return ok(`${source} is well formed`);
      return await requireSameMasterKey({ db: { sql }, masterKey }).then(
        () => ok(`${source} opens the secrets of the projects`),
        (error: unknown) => ok(`${source}: ${reasonOf(error)}`, REPAIR),
      );
    });
    if (opened.next === REPAIR) return problem(opened.found, REPAIR);
    // The check `postgres` reports a failed connection.
    return opened.status === 'ok' ? opened : ok(`${source} is well formed`);
  } catch (error) {
    return problem(reasonOf(error), REPAIR);
  }
}

const REPAIR = "Set the master key that sealed the projects' secrets.";

/** The API creates a missing key, which must not happen if the database holds sealed secrets. */
async function judgeAbsence(ctx: CheckContext, file: string): Promise<Finding> {
  const sealed = await askPostgres(ctx, async (sql) => {
    const rows = await sql`select 1 from projects where encrypted_secret is not null limit 1`;
    return rows.length > 0 ? problem('sealed', REPAIR) : ok('empty');
  });
  // Other checks report other problems of the database.
  return sealed.found === 'sealed'
    ? problem(`${file} does not exist, and the database holds secrets of projects`, REPAIR)
    : ok(`${file} does not exist yet`, 'The API creates it at its first start; back it up then.');
}

function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

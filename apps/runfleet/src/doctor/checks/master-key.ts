import { access } from 'node:fs/promises';

import { openMasterKey } from '@runfleet/identity';

import { requireSameMasterKey } from '../../init/init-settings.ts';
import { type CheckContext, type Finding, ok, problem, reasonOf } from '../check.ts';
import { askPostgres } from './ask-postgres.ts';

/** Whether there is a master key, and whether it opens what the database holds. */
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
    // What keeps Postgres from answering is another check's finding.
    return opened.status === 'ok' ? opened : ok(`${source} is well formed`);
  } catch (error) {
    return problem(reasonOf(error), REPAIR);
  }
}

const REPAIR = 'Give the master key that the projects were made under.';

/** The API makes a key where there is none, which must not happen to a database with secrets. */
async function judgeAbsence(ctx: CheckContext, file: string): Promise<Finding> {
  const sealed = await askPostgres(ctx, async (sql) => {
    const rows = await sql`select 1 from projects where encrypted_secret is not null limit 1`;
    return rows.length > 0 ? problem('sealed', REPAIR) : ok('empty');
  });
  // What else may be wrong with the database is another check's finding.
  return sealed.found === 'sealed'
    ? problem(`${file} does not exist, and the database holds secrets of projects`, REPAIR)
    : ok(`${file} does not exist yet`, 'The API makes it at its first start; back it up then.');
}

function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

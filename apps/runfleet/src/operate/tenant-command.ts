/** `runfleet tenant`: tenants' shares of a busy fleet, and their limits. */
import { parseArgs } from 'node:util';

import { listTenants, setOverflow, setShare, type Tenant } from '@runfleet/identity';

import { onlyOperand, runSubcommand } from '../cli/subcommands.ts';
import { table } from '../cli/table.ts';
import { UsageError } from '../cli/with-usage.ts';
import { writeJson } from '../cli/write-json.ts';
import { openDatabase } from './open-database.ts';

const USAGE = `runfleet tenant <command> [--json]

  list                                     lists organisations with their shares and projects
  set <organisation> [--weight N]          sets its share of a busy fleet, relative to others (default 1)
      [--running-limit N|none]             sets how many of its tasks may run at once (default none)
  overflow <project> reject|queue          sets what happens to a Run at the limit of active tasks

Weight and limit take effect within about a second, overflow from the next Run on.
DATABASE_URL names the deployment; without it, a running \`npm start\` is used.
`;

const NAME = 'runfleet tenant';
const PAGE = 1_000;
const JSON_OPTION = { json: { type: 'boolean', default: false } } as const;

/** Throws with the reason if the command fails. */
export async function tenant(args: readonly string[]): Promise<void> {
  await runSubcommand(USAGE, { list, set, overflow }, args);
}

async function list(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...args], options: JSON_OPTION });
  await using db = await openDatabase(NAME);
  const tenants: Tenant[] = [];
  for (let isWhole = false; !isWhole;) {
    const page = await listTenants({ db }, { after: tenants.at(-1)?.id ?? null, limit: PAGE });
    tenants.push(...page);
    isWhole = page.length < PAGE;
  }
  if (values.json) writeJson(tenants);
  else process.stdout.write(describe(tenants));
}

async function set(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { ...JSON_OPTION, weight: { type: 'string' }, 'running-limit': { type: 'string' } },
  });
  const id = onlyOperand(positionals, 'organisation');
  const weight = readNumber('--weight', values.weight);
  const limit = values['running-limit'];
  const runningLimit = limit === 'none' ? null : readNumber('--running-limit', limit);
  if (weight === undefined && runningLimit === undefined) {
    throw new UsageError('Give --weight, --running-limit or both.');
  }
  await using db = await openDatabase(NAME);
  show(await setShare({ db }, id, { weight, runningLimit }), values.json);
}

async function overflow(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: JSON_OPTION,
  });
  const [project, policy, ...more] = positionals;
  if (project === undefined || policy === undefined || more.length > 0) {
    throw new UsageError('Give a project, and reject or queue.');
  }
  await using db = await openDatabase(NAME);
  show(await setOverflow({ db }, project, policy), values.json);
}

function show(changed: Tenant, isJson: boolean): void {
  if (isJson) writeJson(changed);
  else process.stdout.write(describe([changed]));
}

function describe(tenants: readonly Tenant[]): string {
  const rows = tenants.map(({ id, name, weight, runningLimit, projects }) => [
    id,
    name,
    String(weight),
    runningLimit === null ? 'none' : String(runningLimit),
    projects.map((project) => `${project.id} ${project.name}: ${project.overflow}`).join(', '),
  ]);
  return table([['ID', 'ORGANISATION', 'WEIGHT', 'RUNNING LIMIT', 'PROJECTS: OVERFLOW'], ...rows]);
}

function readNumber(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d+(\.\d+)?$/.test(text))
    throw new UsageError(`${flag} must be a number; "${text}" is not.`);
  return Number(text);
}

/** `runfleet limits`: how much an organisation, a project, a key or an end user may spend and run. */
import { parseArgs } from 'node:util';

import { formatLimitValue } from '@runfleet/billing';
import { type LimitKind, type LimitPeriod, LIMIT_KINDS, parseUsd } from '@runfleet/protocol';
import {
  type ListedLimit,
  listLimits,
  type NewLimit,
  removeLimit,
  setLimit,
} from '@runfleet/tasks';

import { onlyOperand, runSubcommand } from '../cli/subcommands.ts';
import { table } from '../cli/table.ts';
import { UsageError } from '../cli/with-usage.ts';
import { writeJson } from '../cli/write-json.ts';
import { openDatabase } from './open-database.ts';

const USAGE = `runfleet limits <command> [--json]

  list <organisation>                      lists its limits, and what is used of each
  set <organisation> spend USD --per PERIOD
      limits what tasks cost or hold in a day, week or month (UTC), or in total
  set <organisation> active COUNT          limits how many tasks are queued or running at once
      [--project ID]                       the limit is one project's
      [--key ID]                           the limit is of Runs made with that project's key
      [--user NAME | --each-user]          the limit is one end user's, or of each end user
  remove <organisation> <limit>            removes a limit

A limit takes effect with the command. The same limit set again gets the new value.
DATABASE_URL names the deployment; without it, a running \`npm start\` is used.
`;

const NAME = 'runfleet limits';
const JSON_OPTION = { json: { type: 'boolean', default: false } } as const;

/** Throws with the reason if the command fails. */
export async function limits(args: readonly string[]): Promise<void> {
  await runSubcommand(USAGE, { list, set, remove }, args);
}

async function list(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: JSON_OPTION,
  });
  const organisation = readId(onlyOperand(positionals, 'organisation'), 'organisation');
  await using db = await openDatabase(NAME);
  show(await listLimits({ db }, organisation), values.json);
}

async function set(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      ...JSON_OPTION,
      per: { type: 'string' },
      project: { type: 'string' },
      key: { type: 'string' },
      user: { type: 'string' },
      'each-user': { type: 'boolean' },
    },
  });
  const [organisation, kind, value, ...more] = positionals;
  if (organisation === undefined || value === undefined || more.length > 0) {
    throw new UsageError('Give an organisation, spend or active, and a value.');
  }
  if (!isKind(kind)) throw new UsageError('A limit is of spend or active.');
  const limit = {
    ...readLevel(values),
    kind,
    period: readPeriod(kind, values.per),
    value: readValue(value),
  };
  await using db = await openDatabase(NAME);
  show([await setLimit({ db }, readId(organisation, 'organisation'), limit)], values.json);
}

async function remove(args: readonly string[]): Promise<void> {
  const { positionals } = parseArgs({ args: [...args], allowPositionals: true });
  const [organisation, id, ...more] = positionals;
  if (organisation === undefined || id === undefined || more.length > 0) {
    throw new UsageError('Give an organisation and a limit.');
  }
  await using db = await openDatabase(NAME);
  await removeLimit({ db }, { organisationId: organisation, id });
  process.stdout.write(`Limit ${id} is removed.\n`);
}

function readLevel(given: {
  project?: string | undefined;
  key?: string | undefined;
  user?: string | undefined;
  'each-user'?: boolean | undefined;
}): Pick<NewLimit, 'level' | 'subject'> {
  const { project, key, user } = given;
  const levels: Pick<NewLimit, 'level' | 'subject'>[] = [
    ...(project === undefined ? [] : [{ level: 'project', subject: project } as const]),
    ...(key === undefined ? [] : [{ level: 'key', subject: key } as const]),
    ...(user === undefined ? [] : [{ level: 'user', subject: user } as const]),
    ...(given['each-user'] === true ? [{ level: 'user', subject: '' } as const] : []),
  ];
  const [level = { level: 'organisation', subject: '' } as const, ...more] = levels;
  if (more.length > 0) throw new UsageError('Give one of --project, --key, --user, --each-user.');
  if (user === '') throw new UsageError('--user needs a name. For all of them: --each-user.');
  return level;
}

function isKind(text: string | undefined): text is LimitKind {
  return text !== undefined && Object.hasOwn(LIMIT_KINDS, text);
}

function readPeriod(kind: LimitKind, per: string | undefined): LimitPeriod {
  const periods: readonly LimitPeriod[] = LIMIT_KINDS[kind].periods;
  const [only, ...others] = periods;
  if (only !== undefined && others.length === 0) {
    if (per === undefined) return only;
    throw new UsageError(`A limit of ${kind} has no --per.`);
  }
  const period = periods.find((name) => name === per);
  if (period === undefined) throw new UsageError(`Give --per ${periods.join(', ')}.`);
  return period;
}

function readValue(text: string): bigint {
  if (/^\d{1,12}(\.\d{1,12})?$/.test(text)) return parseUsd(text);
  throw new UsageError(`A limit is a number with at most 12 decimals; "${text}" is not.`);
}

function readId(text: string, what: string): string {
  if (/^\d{1,18}$/.test(text)) return text;
  throw new UsageError(`An ${what} is a number; "${text}" is not.`);
}

function show(shown: readonly ListedLimit[], isJson: boolean): void {
  const texts = shown.map(({ id, kind, level, subject, period, value, used, isInForce }) => ({
    id,
    kind,
    level,
    subject,
    period,
    value: formatLimitValue(kind, value),
    used: used === null ? null : formatLimitValue(kind, used),
    isInForce,
  }));
  if (isJson) {
    writeJson(texts);
    return;
  }
  const rows = texts.map(({ id, kind, level, subject, period, value, used, isInForce }) => [
    id,
    kind,
    level === 'user' && subject === '' ? 'each user' : `${level} ${subject}`.trim(),
    period,
    value,
    isInForce ? (used ?? 'by user') : 'not in force: set it again',
  ]);
  process.stdout.write(table([['ID', 'LIMIT', 'OF', 'PERIOD', 'VALUE', 'USED'], ...rows]));
}

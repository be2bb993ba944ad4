/** `runfleet project`: the projects with which clients authenticate. */
import { parseArgs } from 'node:util';

import {
  type CreatedProject,
  createProject,
  type DeploymentProject,
  findOwner,
  listDeploymentProjects,
  revokeProject,
  rotateProject,
} from '@runfleet/identity';
import { TASK_ID_PATTERN } from '@runfleet/protocol';

import { onlyOperand, runSubcommand } from '../cli/subcommands.ts';
import { table } from '../cli/table.ts';
import { UsageError } from '../cli/with-usage.ts';
import { writeJson } from '../cli/write-json.ts';
import { openDatabase } from '../operate/open-database.ts';
import { openKeyring } from './open-keyring.ts';

const USAGE = `runfleet project <command> [--json]

  create --name NAME                creates a project and shows its key once
      [--auth signature|apikey]     how its clients authenticate: with signed calls, for which it also
                                    has a secret, or with the key alone; it cannot be changed later
      [--organisation ID]           its organisation, if there are several
      [--owner EMAIL]               its owner; by default the organisation's first owner
  list [--organisation ID]          lists projects that are not revoked, with the end of their keys
  rotate <project>                  replaces the key, and the secret if there is one; shown once
      [--overlap SECONDS]           how long the old ones stay valid (default 0)
  revoke <project>                  revokes its keys permanently

A revocation takes effect in every api and gateway within 5 s, also for open streams. DATABASE_URL and
MASTER_KEY or MASTER_KEY_FILE identify the deployment; without them, a running \`npm start\` is used.
`;

const NAME = 'runfleet project';
const AUTH_TYPES = ['signature', 'apikey'] as const;
const PAGE = 1_000;
const OVERLAP_SECONDS_MAX = 30 * 24 * 60 * 60;
const NAME_LENGTH_MAX = 200;
const JSON_OPTION = { json: { type: 'boolean', default: false } } as const;

/** Throws with the reason if the command fails. */
export async function project(args: readonly string[]): Promise<void> {
  await runSubcommand(USAGE, { create, list, rotate, revoke }, args);
}

async function create(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...JSON_OPTION,
      name: { type: 'string' },
      auth: { type: 'string', default: 'signature' },
      organisation: { type: 'string' },
      owner: { type: 'string' },
    },
  });
  const name = values.name?.trim() ?? '';
  if (name === '' || name.length > NAME_LENGTH_MAX) {
    throw new UsageError(`--name NAME must have 1 to ${NAME_LENGTH_MAX} characters.`);
  }
  const authType = AUTH_TYPES.find((type) => type === values.auth);
  if (!authType) throw new UsageError(`--auth must be ${AUTH_TYPES.join(' or ')}.`);
  await using ctx = await openKeyring(NAME);
  const owner = await findOwner(ctx, {
    organisationId: values.organisation ?? null,
    email: values.owner?.toLowerCase() ?? null,
  });
  const made = await createProject(ctx, { ...owner, name, authType });
  show(made, { isJson: values.json, authType });
}

async function list(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { ...JSON_OPTION, organisation: { type: 'string' } },
  });
  const organisationId = values.organisation === undefined ? null : readId(values.organisation);
  await using db = await openDatabase(NAME);
  const projects: DeploymentProject[] = [];
  for (let isWhole = false; !isWhole;) {
    const after = projects.at(-1)?.id ?? '0';
    const page = await listDeploymentProjects({ db }, { organisationId, after, limit: PAGE });
    projects.push(...page);
    isWhole = page.length < PAGE;
  }
  if (values.json) return writeJson(projects);
  const rows = projects.map((each) => [
    each.id,
    each.name,
    each.authType,
    `…${each.keyHint}`,
    `${each.organisationId} ${each.organisationName}`,
    each.ownerEmail,
    each.previousKeyUntil === null ? '' : new Date(each.previousKeyUntil * 1_000).toISOString(),
  ]);
  process.stdout.write(
    table([['ID', 'PROJECT', 'AUTH', 'KEY', 'ORGANISATION', 'OWNER', 'OLD KEY UNTIL'], ...rows]),
  );
}

async function rotate(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { ...JSON_OPTION, overlap: { type: 'string', default: '0' } },
  });
  const projectId = readId(onlyOperand(positionals, 'project'));
  const overlapSeconds = Number(values.overlap);
  if (!/^\d{1,7}$/.test(values.overlap) || overlapSeconds > OVERLAP_SECONDS_MAX) {
    throw new UsageError(`--overlap must be whole seconds, at most ${OVERLAP_SECONDS_MAX}.`);
  }
  await using ctx = await openKeyring(NAME);
  const made = await rotateProject(ctx, { projectId, overlapSeconds });
  show(made, { isJson: values.json, authType: made.apiSecret === null ? 'apikey' : 'signature' });
}

async function revoke(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: JSON_OPTION,
  });
  const projectId = readId(onlyOperand(positionals, 'project'));
  await using db = await openDatabase(NAME);
  if (!(await revokeProject({ db }, { organisationId: null, projectId }))) {
    throw new Error(`There is no project ${projectId} to revoke.`);
  }
  if (values.json) writeJson({ projectId });
  else process.stdout.write(`Project ${projectId} is revoked.\n`);
}

function show(
  { projectId, apiKey, apiSecret }: CreatedProject,
  { isJson, authType }: { isJson: boolean; authType: string },
): void {
  if (isJson) return writeJson({ projectId, authType, apiKey, apiSecret });
  const secret = apiSecret === null ? '' : `API secret    ${apiSecret}\n`;
  process.stdout.write(`
Project       ${projectId}
Auth          ${authType}
API key       ${apiKey}
${secret}
Store ${apiSecret === null ? 'the key' : 'key and secret'} now: ${apiSecret === null ? 'it is' : 'they are'} not shown again.
`);
}

function readId(text: string): string {
  if (TASK_ID_PATTERN.test(text)) return text;
  throw new UsageError(`"${text}" is not an id; "runfleet project list" shows them.`);
}

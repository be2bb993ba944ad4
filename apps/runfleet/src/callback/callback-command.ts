/** `runfleet callback`: the callbacks of a project. */
import { parseArgs } from 'node:util';

import {
  addEndpoint,
  deleteEndpoint,
  type Delivery,
  DELIVERY_STATES,
  type Endpoint,
  ENDPOINT_EVENTS,
  listDeliveries,
  listEndpoints,
  type LoggedAttempt,
  OVERLAP_SECONDS_MAX,
  readDelivery,
  redeliver,
  rotateCallbackSecret,
  sendTest,
} from '@runfleet/callbacks';
import { parseOutboundUrl } from '@runfleet/outbound';
import { type Micros, TASK_ID_PATTERN } from '@runfleet/protocol';
import { loadConfig, sharedSettings } from '@runfleet/service';
import { z } from 'zod';

import { onlyOperand, runSubcommand } from '../cli/subcommands.ts';
import { table } from '../cli/table.ts';
import { UsageError } from '../cli/with-usage.ts';
import { writeJson } from '../cli/write-json.ts';
import { openDatabase } from '../operate/open-database.ts';
import { openKeyring } from '../project/open-keyring.ts';

const USAGE = `runfleet callback <command> --project ID [--json]

  list [--status ${DELIVERY_STATES.join('|')}]
                           lists the latest 100 callbacks of the project
  show <callback>          shows a callback and its attempts
  redeliver <callback>     sends a callback that is closed again, under its id
  test <url>               sends a callback without a task to the address
  endpoints                lists the addresses that are called for events of the project's tasks
  add-endpoint <url>       calls the address from now on
      [--events A,B]       for these events: ${ENDPOINT_EVENTS.join(', ')} (default all)
  remove-endpoint <id>     calls it no more; its open callbacks have failed
  rotate-secret            gives the project a new secret for its callbacks; shown once
      [--overlap SECONDS]  how long the old one signs, too (default 86400)

An api starts what is to be sent within 15 s. DATABASE_URL names the deployment, and rotate-secret needs its
MASTER_KEY or MASTER_KEY_FILE; without them, a running \`npm start\` is used.
`;

const NAME = 'runfleet callback';
const LIST_MAX = 100;
const OPTIONS = {
  json: { type: 'boolean', default: false },
  project: { type: 'string' },
} as const;

/** Throws with the reason if the command fails. */
export async function callback(args: readonly string[]): Promise<void> {
  await runSubcommand(
    USAGE,
    {
      list,
      show,
      redeliver: again,
      test,
      endpoints,
      'add-endpoint': addOne,
      'remove-endpoint': removeOne,
      'rotate-secret': rotateSecret,
    },
    args,
  );
}

async function list(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { ...OPTIONS, status: { type: 'string' } },
  });
  const projectId = readProject(values.project);
  const state = DELIVERY_STATES.find((each) => each === values.status) ?? null;
  if (values.status !== undefined && state === null) {
    throw new UsageError(`--status must be ${DELIVERY_STATES.join(' or ')}.`);
  }
  await using db = await openDatabase(NAME);
  const page = {
    projectId,
    state,
    taskId: null,
    start: 0,
    limit: LIST_MAX,
    order: 'DESC',
  } as const;
  const { total, deliveries } = await listDeliveries({ db }, page);
  if (values.json) return writeJson(deliveries.map(asJson));
  process.stdout.write(describe(deliveries));
  if (total > deliveries.length) {
    process.stderr.write(`The latest ${deliveries.length} of ${total}.\n`);
  }
}

async function show(args: readonly string[]): Promise<void> {
  const { projectId, id, isJson } = readOne(args);
  await using db = await openDatabase(NAME);
  const { delivery, attempts } = await readDelivery({ db }, { projectId, id });
  if (isJson) return writeJson({ ...asJson(delivery), attempts: attempts.map(asJson) });
  process.stdout.write(`${describe([delivery])}\n${describeAttempts(attempts)}`);
}

async function again(args: readonly string[]): Promise<void> {
  const { projectId, id, isJson } = readOne(args);
  await using db = await openDatabase(NAME);
  await redeliver({ db }, { projectId, id });
  if (isJson) writeJson({ id });
  else process.stdout.write(`${due(id, projectId)}`);
}

async function test(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: OPTIONS,
  });
  const projectId = readProject(values.project);
  const { OUTBOUND_NETWORKS } = loadConfig(outboundConfig);
  const url = parseOutboundUrl(onlyOperand(positionals, 'url'), OUTBOUND_NETWORKS);
  await using db = await openDatabase(NAME);
  const { id } = await sendTest({ db }, { projectId, url });
  if (values.json) writeJson({ id });
  else process.stdout.write(`${due(id, projectId)}`);
}

const due = (id: string, projectId: string) =>
  `Callback ${id} is due; an api sends it within 15 s. See it with "runfleet callback show ${id} --project ${projectId}".\n`;

async function endpoints(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...args], options: OPTIONS });
  const projectId = readProject(values.project);
  await using db = await openDatabase(NAME);
  showEndpoints(await listEndpoints({ db }, { projectId }), values.json);
}

async function addOne(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { ...OPTIONS, events: { type: 'string' } },
  });
  const projectId = readProject(values.project);
  const { OUTBOUND_NETWORKS } = loadConfig(outboundConfig);
  const url = parseOutboundUrl(onlyOperand(positionals, 'url'), OUTBOUND_NETWORKS);
  const named: readonly string[] = values.events?.split(',') ?? ENDPOINT_EVENTS;
  const events = ENDPOINT_EVENTS.filter((event) => named.includes(event));
  if (events.length < named.length) {
    throw new UsageError(`--events must be of ${ENDPOINT_EVENTS.join(', ')}.`);
  }
  await using db = await openDatabase(NAME);
  showEndpoints([await addEndpoint({ db }, { projectId, url, events })], values.json);
}

async function removeOne(args: readonly string[]): Promise<void> {
  const { projectId, id, isJson } = readOne(args, 'endpoint');
  await using db = await openDatabase(NAME);
  await deleteEndpoint({ db }, { projectId, id });
  if (isJson) writeJson({ id });
  else process.stdout.write(`Endpoint ${id} is removed.\n`);
}

function showEndpoints(shown: readonly Endpoint[], isJson: boolean): void {
  if (isJson) return writeJson(shown.map(asJson));
  const rows = shown.map(({ id, events, url }) => [id, events.join(','), url]);
  process.stdout.write(table([['ENDPOINT', 'EVENTS', 'URL'], ...rows]));
}

const outboundConfig = z.object({ OUTBOUND_NETWORKS: sharedSettings.OUTBOUND_NETWORKS });

async function rotateSecret(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { ...OPTIONS, overlap: { type: 'string', default: '86400' } },
  });
  const projectId = readProject(values.project);
  const overlapSeconds = Number(values.overlap);
  if (!/^\d{1,7}$/.test(values.overlap) || overlapSeconds > OVERLAP_SECONDS_MAX) {
    throw new UsageError(`--overlap must be whole seconds, at most ${OVERLAP_SECONDS_MAX}.`);
  }
  await using ctx = await openKeyring(NAME);
  const secret = await rotateCallbackSecret(ctx, { projectId, overlapSeconds });
  if (values.json) return writeJson({ projectId, secret });
  process.stdout.write(`Callback secret  ${secret}\n\nStore it now: it is not shown again.\n`);
}

function readOne(
  args: readonly string[],
  operand = 'callback',
): { projectId: string; id: string; isJson: boolean } {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: OPTIONS,
  });
  const id = onlyOperand(positionals, operand);
  return { projectId: readProject(values.project), id, isJson: values.json };
}

function readProject(given: string | undefined): string {
  if (given === undefined) throw new UsageError('Give --project ID.');
  if (TASK_ID_PATTERN.test(given)) return given;
  throw new UsageError(`"${given}" is not an id; "runfleet project list" shows them.`);
}

function describe(deliveries: readonly Delivery[]): string {
  const rows = deliveries.map((each) => [
    each.id,
    each.taskId ?? '',
    each.event,
    each.state,
    String(each.attempts),
    isoOf(each.createdAt),
    each.dueAt === null ? '' : isoOf(each.dueAt),
    each.url,
  ]);
  const head = ['ID', 'TASK', 'EVENT', 'STATUS', 'ATTEMPTS', 'CREATED', 'NEXT', 'URL'];
  return table([head, ...rows]);
}

function describeAttempts(attempts: readonly LoggedAttempt[]): string {
  const rows = attempts.map((each) => [
    String(each.attempt),
    isoOf(each.at),
    `${each.durationMs} ms`,
    each.status === null ? '' : String(each.status),
    // A receiver may send what a terminal would act on.
    each.error ?? JSON.stringify(each.body),
  ]);
  return table([['ATTEMPT', 'AT', 'TOOK', 'STATUS', 'ANSWER'], ...rows]);
}

function asJson(row: Delivery | Endpoint | LoggedAttempt): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      typeof value === 'bigint' ? isoOf(value) : value,
    ]),
  );
}

function isoOf(at: Micros): string {
  return new Date(Number(at / 1_000n)).toISOString();
}

/** `runfleet job`: shows scheduled jobs and job queues, and runs failed jobs again. */
import { parseArgs } from 'node:util';

import { type FailedJob, type JobWatch, openJobWatch, type QueueCounts } from '@runfleet/queue';
import { listUpkeepRuns, type UpkeepRun } from '@runfleet/upkeep';

import { runSubcommand } from '../cli/subcommands.ts';
import { table } from '../cli/table.ts';
import { UsageError } from '../cli/with-usage.ts';
import { writeJson } from '../cli/write-json.ts';
import { readDoctorSettings } from '../doctor/doctor-settings.ts';
import { openDatabase } from './open-database.ts';

const USAGE = `runfleet job <command> [--json]

  list                lists the last runs of scheduled jobs, the job queues, and their latest failed jobs
  retry <queue> <id>  runs a failed job again

DATABASE_URL and REDIS_URL name the deployment; without them, a running \`npm start\` is used.
`;

/** Throws with the reason if the command fails. */
export async function job(args: readonly string[]): Promise<void> {
  await runSubcommand(USAGE, { list, retry }, args);
}

async function list(args: readonly string[]): Promise<void> {
  const { values } = readArgs(args);
  await using db = await openDatabase('runfleet job');
  await using watch = await openWatch();
  const [upkeep, queues, failed] = await Promise.all([
    listUpkeepRuns({ db }),
    watch.readCounts(),
    watch.listFailed(),
  ]);
  if (values.json) return writeJson({ upkeep, queues, failed });
  process.stdout.write(`${describeRuns(upkeep)}\n${describeQueues(queues)}`);
  if (failed.length > 0) process.stdout.write(`\n${describeFailed(failed)}`);
}

async function retry(args: readonly string[]): Promise<void> {
  const { values, positionals } = readArgs(args);
  const [queue, id, ...others] = positionals;
  if (queue === undefined || id === undefined || others.length > 0) {
    throw new UsageError('Give a queue and the id of a failed job.');
  }
  await using watch = await openWatch();
  if (!(await watch.retry({ queue, id }))) {
    throw new Error(`Queue ${queue} has no failed job ${id}. "runfleet job list" shows them.`);
  }
  if (values.json) writeJson({ queue, id });
  else process.stdout.write(`Job ${id} runs again.\n`);
}

async function openWatch(): Promise<JobWatch> {
  const { redisUrl } = await readDoctorSettings(process.env);
  if (redisUrl === null) {
    throw new Error('There is no Redis: set REDIS_URL, or run `npm start` at the same time.');
  }
  return openJobWatch({ url: redisUrl });
}

function describeRuns(runs: readonly UpkeepRun[]): string {
  const rows = runs.map((run) => [
    run.name,
    run.state,
    new Date(Number(run.startedAt / 1_000n)).toISOString(),
    String(run.changed),
    String(run.failures),
    run.error,
  ]);
  return table([['JOB', 'STATE', 'STARTED', 'CHANGED', 'FAILURES', 'ERROR'], ...rows]);
}

function describeQueues(queues: readonly QueueCounts[]): string {
  const rows = queues.map(({ queue, ...counts }) => [queue, ...Object.values(counts).map(String)]);
  return table([['QUEUE', 'WAITING', 'DELAYED', 'ACTIVE', 'FAILED'], ...rows]);
}

function describeFailed(failed: readonly FailedJob[]): string {
  const rows = failed.map((each) => [
    each.queue,
    each.id,
    new Date(each.failedAtMs).toISOString(),
    String(each.attempts),
    each.reason,
  ]);
  return table([['QUEUE', 'FAILED JOB', 'AT', 'ATTEMPTS', 'REASON'], ...rows]);
}

function readArgs(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { json: { type: 'boolean', default: false } },
  });
}

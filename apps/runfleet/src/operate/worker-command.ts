/** `runfleet worker`: shows, drains and pardons workers. */
import { parseArgs } from 'node:util';

import type { Db } from '@runfleet/db';
import {
  drainWorker,
  type Fleet,
  openTaskStore,
  pardonWorker,
  readFleet,
  type TaskStore,
} from '@runfleet/tasks';

import { onlyOperand, runSubcommand } from '../cli/subcommands.ts';
import { table } from '../cli/table.ts';
import { writeJson } from '../cli/write-json.ts';
import { openDatabase } from './open-database.ts';

const USAGE = `runfleet worker <command> [--json]

  list             lists workers with their labels, loaded models, strikes and quarantine
  drain <worker>   gives it no new tasks until its process is restarted; it finishes those that it has
  pardon <worker>  ends its quarantine

Name a worker by its id or the beginning of it. DATABASE_URL names the deployment; without it, a running
\`npm start\` is used.
`;

const RESTART = 'It is drained. It takes tasks again when its process is restarted.';

type Worker = Fleet['workers'][number];

/** Throws with the reason if the command fails. */
export async function worker(args: readonly string[]): Promise<void> {
  await runSubcommand(
    USAGE,
    {
      list,
      drain: (rest) =>
        change(
          rest,
          drainWorker,
          'takes no new tasks until its process is restarted',
          'already takes no tasks',
        ),
      pardon: (rest) => change(rest, pardonWorker, 'gets tasks again', 'is not in quarantine'),
    },
    args,
  );
}

async function list(args: readonly string[]): Promise<void> {
  const { values } = readArgs(args);
  await using db = await openDatabase('runfleet worker');
  const { workers } = await readFleet({ db });
  if (values.json) return writeJson(workers);
  if (workers.length === 0) {
    process.stderr.write('No worker has reported in the last hour.\n');
    return;
  }
  const rows = workers.map((each) => [
    each.id.slice(0, 8),
    each.host,
    each.state,
    `${each.used}/${each.slots}`,
    String(each.strikes),
    each.labels.join(','),
    Object.keys(each.loaded).join(','),
  ]);
  process.stdout.write(
    table([['WORKER', 'HOST', 'STATE', 'SLOTS', 'STRIKES', 'LABELS', 'LOADED'], ...rows]),
  );
}

async function change(
  args: readonly string[],
  apply: (ctx: { store: TaskStore }, worker: { id: string }) => Promise<boolean>,
  done: string,
  refusal: string,
): Promise<void> {
  const { values, positionals } = readArgs(args);
  const named = onlyOperand(positionals, 'worker');
  await using db = await openDatabase('runfleet worker');
  await using store = openTaskStore({ db, queue: null, announce: () => {} });
  const { id, state } = await findWorker(db, named);
  if (!(await apply({ store }, { id }))) {
    const isDrained = state === 'draining';
    throw new Error(`Worker ${id} ${refusal}.${isDrained ? ` ${RESTART}` : ''}`);
  }
  if (values.json) writeJson({ id });
  else process.stdout.write(`Worker ${id} ${done}.\n`);
}

async function findWorker(db: Db, named: string): Promise<Worker> {
  const { workers } = await readFleet({ db });
  const found = workers.filter(({ id }) => id.startsWith(named.toLowerCase()));
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  throw new Error(
    only === undefined
      ? `There is no worker ${named}. "runfleet worker list" shows them.`
      : `${found.length} workers begin with ${named}. Give more of the id.`,
  );
}

function readArgs(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { json: { type: 'boolean', default: false } },
  });
}

import { type Model, MODELS } from '@runfleet/catalog';
import type { Db } from '@runfleet/db';
import type { Micros } from '@runfleet/protocol';
import { recountModelStatistics } from '@runfleet/tasks';

import { withinTransaction } from '../within-transaction.ts';
import { CONVERSATIONS } from './conversations.ts';
import { createDemoTenants, type DemoTenant } from './create-demo-tenants.ts';
import { createDemoWorkers } from './create-demo-workers.ts';
import type { DemoLife } from './demo-life.ts';
import { DEMO_POOL, findDemoOrganisations } from './demo-marks.ts';
import { type Dice, throwDice } from './dice.ts';
import { queueMoments } from './queue-moments.ts';
import { demoParameters, type Fate, FATES, tellLife } from './tell-life.ts';
import { writeLives } from './write-lives.ts';

const DAYS_BEFORE_FIRST_MICROS = 15n * 86_400_000_000n;
const QUEUED_AGE_SECONDS_MAX = 90;
const SEEDING_LOCK = 7_268_652;

export type Seeded = { emails: string[]; tasks: number; events: number };

/** Creates three organisations with 14 days of tasks, in one transaction. Throws if they exist already. */
export async function seedDemoData(
  ctx: { db: Db },
  options: { password: string; seed: number },
): Promise<Seeded> {
  return withinTransaction(ctx.db, async (db) => {
    await db.sql`select pg_advisory_xact_lock(${SEEDING_LOCK})`;
    if ((await findDemoOrganisations({ db })).length > 0) {
      throw new Error('The demo data exists already. Remove it first: runfleet seed-demo --purge');
    }
    const now = await readClock(db);
    const since = now - DAYS_BEFORE_FIRST_MICROS;
    const tenants = await createDemoTenants({ db }, { password: options.password, since });
    await createDemoWorkers({ db });
    const lives = await tellLives(db, { tenants, now, dice: throwDice(options.seed) });
    await writeLives(db.sql, lives);
    await recountModelStatistics(db.sql);
    const events = lives.reduce((sum, life) => sum + life.events.length, 0);
    return { emails: tenants.map(({ email }) => email), tasks: lives.length, events };
  });
}

/** Ids rise with the times of queueing, as those of real tasks do. */
async function tellLives(
  db: Db,
  input: { tenants: readonly DemoTenant[]; now: Micros; dice: Dice },
): Promise<DemoLife[]> {
  const { tenants, now, dice } = input;
  const [model] = MODELS;
  if (!model) throw new Error('The catalogue is empty.');
  const fates = dice.shuffle(
    Object.entries(FATES).flatMap(([fate, count]) =>
      fate === 'queued' ? [] : Array.from({ length: count }, () => fate as Fate),
    ),
  );
  const ended = queueMoments(fates.length, now, dice).map((queuedAt, index) => ({
    queuedAt,
    fate: fates[index] ?? 'answered',
  }));
  const queued = Array.from({ length: FATES.queued }, (_, index) => ({
    queuedAt: now - secondsAgo(QUEUED_AGE_SECONDS_MAX / (index + 1)),
    fate: 'queued' as const,
  }));
  const ids = await takeTaskIds(db, ended.length + queued.length);
  return [...ended, ...queued].map(({ queuedAt, fate }, index) =>
    tellOne(
      { id: ids[index] ?? '', model, tenant: pickTenant(tenants, dice), fate, queuedAt },
      dice,
    ),
  );
}

function tellOne(
  one: { id: string; model: Model; tenant: DemoTenant; fate: Fate; queuedAt: Micros },
  dice: Dice,
): DemoLife {
  const conversation = dice.pick(CONVERSATIONS);
  const { organisationId, projectId, ownerId } = one.tenant;
  const task = {
    id: one.id,
    model: { ...one.model, pool: DEMO_POOL },
    organisationId,
    projectId,
    ownerId,
    seed: BigInt(Math.floor(dice.fraction() * 2 ** 31)),
    ...demoParameters(one.fate, conversation, dice),
  };
  const story = { fate: one.fate, answer: conversation.answer, queuedAt: one.queuedAt };
  return tellLife(task, story, dice);
}

function pickTenant(tenants: readonly DemoTenant[], dice: Dice): DemoTenant {
  let left = dice.fraction();
  const found = tenants.find(({ share }) => (left -= share) < 0) ?? tenants.at(-1);
  if (!found) throw new Error('There is no organisation to give tasks to.');
  return found;
}

const secondsAgo = (seconds: number): Micros => BigInt(Math.round(seconds * 1_000_000));

async function readClock(db: Db): Promise<Micros> {
  const [row] = await db.sql<{ now: Micros }[]>`select clock_timestamp() as now`;
  if (!row) throw new Error('Postgres returned no time.');
  return row.now;
}

async function takeTaskIds(db: Db, count: number): Promise<string[]> {
  const rows = await db.sql<{ id: string }[]>`
    select nextval(pg_get_serial_sequence('tasks', 'id')) as id from generate_series(1, ${count})`;
  return rows.map(({ id }) => id);
}

/** Each event of a task is one statement in its own commit, and is then published. */
import { Redis } from 'ioredis';
import postgres from 'postgres';

import { type Frame, FRAMES_CHANNEL, joinFrames } from '../wire/frame.ts';
import { environment } from '../wire/peer-environment.ts';

export const sql = postgres(environment.DATABASE_URL, { max: 10, onnotice: () => {} });
const publisher = new Redis(environment.REDIS_URL);

/** A task's job in BullMQ. */
export type Job = { id: string; token: string; tenant: string; prompt: string };

export class EventLog {
  readonly #task: Job;
  /** The api records the first event. */
  #seq = 1;

  constructor(task: Job) {
    this.#task = task;
  }

  async enter(status: string): Promise<void> {
    const seq = ++this.#seq;
    const { id } = this.#task;
    await sql`
      with entered as (update tasks set status = ${status} where id = ${id})
      insert into events (task_id, seq, type) values (${id}, ${seq}, ${status})`;
    await this.#publish(status, null);
  }

  async start(): Promise<void> {
    const seq = ++this.#seq;
    const { id } = this.#task;
    await sql`
      with started as (
        update tasks set status = 'task_start', started_at = clock_timestamp() where id = ${id})
      insert into events (task_id, seq, type) values (${id}, ${seq}, 'task_start')`;
    await this.#publish('task_start', null);
  }

  async record(type: string, payload: object): Promise<void> {
    const seq = ++this.#seq;
    await sql`
      insert into events (task_id, seq, type, payload)
      values (${this.#task.id}, ${seq}, ${type}, ${sql.json(payload as never)})`;
    await this.#publish(type, payload);
  }

  async settle(cost: string): Promise<void> {
    const seq = ++this.#seq;
    const { id, tenant } = this.#task;
    await sql`
      with charged as (update accounts set balance = balance - ${cost} where tenant = ${tenant}),
        noted as (update tasks set cost = ${cost} where id = ${id})
      insert into events (task_id, seq, type, payload)
      values (${id}, ${seq}, 'task_cost', ${sql.json({ cost })})`;
    await this.#publish('task_cost', { cost });
  }

  async finish(outputs: readonly unknown[]): Promise<void> {
    const seq = ++this.#seq;
    const { id } = this.#task;
    await sql`
      with finished as (
        update tasks set status = 'task_postprocess_end', finished_at = clock_timestamp()
        where id = ${id})
      insert into events (task_id, seq, type, payload)
      values (${id}, ${seq}, 'task_postprocess_end', ${sql.json(outputs as never)})`;
    await this.#publish('task_postprocess_end', outputs);
  }

  async #publish(type: string, message: unknown): Promise<void> {
    const { id, token } = this.#task;
    const frame: Frame = { type, id, tasktoken: token, message, result: true, seq: this.#seq };
    await publisher.publish(FRAMES_CHANNEL, joinFrames([frame]));
  }
}

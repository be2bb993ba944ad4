/** Callers of the apis, from several tenants. They kill tasks and repeat calls that got no answer. */
import { compatibleAdmission, pricePerSecond } from '@runfleet/billing';
import { RunfleetError } from '@runfleet/protocol';
import { createTask, type NewTask, PLAIN_RUN } from '@runfleet/tasks';
import { decideCancel, decideKill } from '@runfleet/tasks/memory';

import type { Behaviour, RunInput } from '../input.ts';
import { MODEL } from '../pool.ts';
import { TENANTS, type Tenant } from '../tenants.ts';
import type { World } from '../world.ts';
import { end } from './api.ts';
import { callHttp, NoAnswer } from './http.ts';
import { requireAway } from './require-away.ts';
import type { SimRole } from './sim-role.ts';

const TRIES_MAX = 6;
/** Dollars a second. Prices change while tasks run, and use every digit that a price can have. */
const PRICES = ['0.000585', '0.000123456789', '0.007000000001'];

export class Callers {
  readonly #world: World;
  readonly #apis: readonly SimRole[];
  #runs = 0;
  /** Calls in progress. */
  open = 0;

  constructor(world: World, apis: readonly SimRole[]) {
    this.#world = world;
    this.#apis = apis;
  }

  /** Makes Runs until all faults are undone. */
  start(): void {
    const { time, random, profile } = this.#world;
    const next = () => {
      if (this.#world.isHealed) return;
      this.#spawn(this.#callRun());
      time.after(random.exponential(profile.runEveryMs), next);
    };
    next();
  }

  #spawn(call: Promise<void>): void {
    this.open += 1;
    call
      .catch((error: unknown) => this.#world.history.unexpected(error))
      .finally(() => {
        this.open -= 1;
      });
  }

  async #callRun(): Promise<void> {
    const { random, history, counts } = this.#world;
    const name = `run-${(this.#runs += 1)}`;
    const hasKey = random.chance(0.7);
    const task = this.#newTask(random.pick(TENANTS), name, hasKey);
    if (hasKey && random.chance(0.1)) this.#spawn(this.#try(name, task).then(() => {}));
    const taskId = await this.#try(name, task, hasKey ? TRIES_MAX : 1);
    if (taskId === null) return;
    history.answered(name, taskId);
    if (hasKey && random.chance(0.03)) await this.#misuseKey(task);
    if (random.chance(0.25)) {
      counts.add('caller: ends a task');
      await this.#sleep(random.exponential(4_000));
      await this.#endTask(taskId, random.chance(0.3) ? decideCancel : decideKill);
    }
  }

  /** The task of a Run; null if the Run was refused or never answered. */
  async #try(name: string, task: NewTask, triesMax = 1): Promise<string | null> {
    const { random, counts, history } = this.#world;
    for (let tries = 1; tries <= triesMax; tries++) {
      if (tries > 1) counts.add('caller: repeats a Run');
      try {
        const { id } = await callHttp(this.#world, this.#pickApi(), (clients) =>
          createTask(clients, task),
        );
        history.answered(name, id);
        return id;
      } catch (error) {
        if (error instanceof RunfleetError) {
          counts.add(`caller: refused, ${error.kind}`);
          return null;
        }
        if (!(error instanceof NoAnswer)) requireAway(error);
        await this.#sleep(random.exponential(1_000));
      }
    }
    return null;
  }

  /** The same key with another body must create nothing. */
  async #misuseKey(task: NewTask): Promise<void> {
    const { idempotency } = task;
    if (!idempotency) return;
    const requestHash = Buffer.from('something else');
    await this.#try('misuse', { ...task, idempotency: { ...idempotency, requestHash } });
  }

  async #endTask(id: string, decide: typeof decideCancel | typeof decideKill): Promise<void> {
    try {
      await callHttp(this.#world, this.#pickApi(), (clients) => end(clients, id, decide));
    } catch (error) {
      if (!(error instanceof NoAnswer)) requireAway(error);
    }
  }

  #newTask({ organisationId, ownerId }: Tenant, run: string, hasKey: boolean): NewTask {
    const { random } = this.#world;
    const behaviour = drawBehaviour(this.#world);
    const input: RunInput = {
      run,
      behaviour,
      runMs: random.exponential(1_500),
      chunks: random.whole(1, 3),
    };
    return {
      ...PLAIN_RUN,
      organisationId,
      projectId: organisationId,
      keyId: organisationId,
      ownerId,
      model: { ...MODEL, price: pricePerSecond('v', random.pick(PRICES)) },
      parameters: input,
      seed: BigInt(random.whole(0, 2 ** 31)),
      timeoutSeconds: random.whole(4, 12),
      admission: compatibleAdmission,
      requires: random.chance(0.25) ? [random.pick(['zone=a', 'zone=b'])] : [],
      affinity: random.chance(0.2) ? random.pick(['one', 'two', 'three']) : null,
      priority: random.chance(0.2) ? random.whole(1, 600) : 0,
      fairnessKey: random.chance(0.3) ? random.pick(['ann', 'ben', 'cleo']) : '',
      startTimeoutSeconds: random.chance(0.3) ? random.whole(1, 15) : null,
      idempotency: hasKey ? { key: run, requestHash: Buffer.from(run) } : null,
    };
  }

  #pickApi(): SimRole {
    return this.#world.random.pick(this.#apis);
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.#world.time.after(ms, resolve));
  }
}

function drawBehaviour({ random }: World): Behaviour {
  const drawn = random.next();
  if (drawn < 0.8) return 'answers';
  if (drawn < 0.85) return 'is rejected';
  if (drawn < 0.9) return 'fails in the model';
  if (drawn < 0.95) return 'breaks off';
  if (drawn < 0.99) return 'never ends';
  // Rare, because each costs a life three leases, or a long wait, before it is at rest.
  return drawn < 0.995 ? 'kills its worker' : 'hangs';
}

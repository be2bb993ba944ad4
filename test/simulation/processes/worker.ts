/**
 * A worker as `apps/worker` runs it: takes tickets, carries the tasks with the real verbs, renews
 * its lease. The engine is a pause, and the input says how it ends.
 */
import type { Ticket } from '@runfleet/queue';
import {
  type Claim,
  drainWorker,
  failure,
  registerWorker,
  retireWorker,
  type TaskResult,
} from '@runfleet/tasks';

import type { RunInput } from '../input.ts';
import type { SimProcess } from '../kernel/sim-process.ts';
import { Stop, Stopped } from '../kernel/stop.ts';
import { POOL } from '../pool.ts';
import type { Clients } from '../servers/sim-clients.ts';
import { type Verbs, verbsOf } from '../verbs.ts';
import type { World } from '../world.ts';
import { requireAway } from './require-away.ts';
import { untilAnswered } from './until-answered.ts';

const RENEW_MS = 5_000;
const DRAIN_MS = 4_000;
const PREPROCESS_MS = 20;

type Run = { epoch: number; stop: Stop; accepted: Promise<void>; done: Promise<void> };

export function runWorker(world: World, process: SimProcess, clients: Clients) {
  const worker = new SimWorker(world, process, clients);
  process.spawn(worker.start());
  return { stop: () => worker.stop() };
}

class SimWorker {
  readonly #world: World;
  readonly #process: SimProcess;
  readonly #clients: Clients;
  readonly #verbs: Verbs;
  readonly #id: string;
  readonly #labels: readonly string[];
  /** Whether most runs break off on it, whatever they are. */
  readonly #isDefective: boolean;
  readonly #runs = new Map<string, Run>();
  #generation = 0;
  #seenPulse = 0;
  #isStopping = false;

  constructor(world: World, process: SimProcess, clients: Clients) {
    this.#world = world;
    this.#process = process;
    this.#clients = clients;
    this.#verbs = verbsOf(world, process, clients);
    this.#id = world.random.uuid();
    const isFirst = process.name === 'worker-1';
    this.#labels = [isFirst ? 'zone=b' : 'zone=a'];
    this.#isDefective = isFirst && world.profile.isOneWorkerDefective;
  }

  async start(): Promise<void> {
    const { queue, tickets } = this.#clients;
    await untilAnswered(this.#process, () => this.#register());
    queue.onNotice(this.#id, ({ stop }) => this.#runs.get(stop)?.stop.stop('fenced'));
    tickets.receive(this.#id, (ticket) => this.#take(ticket));
    this.#process.every(RENEW_MS, () => this.#renew());
    queue.wake(POOL);
  }

  /** Finishes what it can within the drain time, hands the rest back, and leaves the list. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    const worker = { id: this.#id };
    this.#world.history.workerLeaves(this.#id);
    await drainWorker(this.#clients, worker).catch(requireAway);
    this.#process.after(DRAIN_MS, () => this.#stopAll('shutdown'));
    await Promise.all([...this.#runs.values()].map((run) => run.done));
    await retireWorker(this.#clients, worker).catch(requireAway);
  }

  async #register(): Promise<void> {
    const { generation } = await registerWorker(this.#clients, {
      id: this.#id,
      host: this.#process.name,
      slots: this.#world.profile.slots,
      description: {
        pools: [POOL],
        labels: this.#labels,
        loaded: {},
        memoryBytes: null,
        sizes: {},
        device: {},
      },
    });
    this.#generation = generation;
    this.#seenPulse = 0;
  }

  /** A ticket is done when its accept is committed or refused; the run goes on by itself. */
  async #take(ticket: Ticket): Promise<void> {
    const { taskId, epoch } = ticket;
    const known = this.#runs.get(taskId);
    if (known?.epoch === epoch) return known.accepted;
    if (this.#isStopping) {
      await this.#verbs.handBack(ticket).catch(requireAway);
      return;
    }
    const stop = new Stop();
    const answered = untilAnswered(
      this.#process,
      () => this.#verbs.accept({ ...ticket, workerId: this.#id }),
      stop,
    );
    const done = this.#carry(ticket, answered, stop);
    this.#process.spawn(done);
    const accepted = answered.then(() => {}, requireStopped);
    this.#runs.set(taskId, { epoch, stop, accepted, done });
    await accepted;
  }

  async #carry(claim: Ticket, accepted: Promise<RunInput | null>, stop: Stop): Promise<void> {
    try {
      const input = await accepted;
      if (input) await this.#run(claim, input, stop);
    } catch (error) {
      requireStopped(error);
    } finally {
      if (this.#runs.get(claim.taskId)?.epoch === claim.epoch) this.#runs.delete(claim.taskId);
    }
  }

  async #run(claim: Claim, input: RunInput, stop: Stop): Promise<void> {
    const process = this.#process;
    const timeoutMs = this.#world.history.timeoutMsOf(claim.taskId);
    process.after(timeoutMs, () => stop.stop('timeout'));
    try {
      const result = await this.#infer(claim, input, stop);
      const carried = await untilAnswered(process, () => this.#verbs.finish(claim, result));
      if (carried === 'done') this.#world.history.toldDone(claim);
      this.#clients.queue.wake(POOL);
    } catch (error) {
      if (error instanceof Stopped && error.kind === 'fenced') return;
      if (error instanceof Stopped && error.kind === 'shutdown') {
        await untilAnswered(process, () => this.#verbs.handBack(claim));
      } else if (error instanceof BrokeOff) {
        await untilAnswered(process, () => this.#verbs.requeue(claim));
      } else throw error;
    }
  }

  async #infer(claim: Claim, input: RunInput, stop: Stop): Promise<TaskResult> {
    const process = this.#process;
    const { behaviour, runMs, chunks } = input;
    try {
      await stop.unlessStopped(process.sleep(PREPROCESS_MS));
      if (behaviour === 'is rejected') return failure('rejected', 'a bad input');
      const started = untilAnswered(process, () => this.#verbs.start(claim), stop, 'timeout');
      if ((await started) === 'fenced') throw new Stopped('fenced');
      for (let tokens = 1; tokens <= chunks; tokens++) {
        await stop.unlessStopped(process.sleep(runMs / chunks));
        const output = { raw: `word ${tokens} `, tokens, elapsedMs: runMs };
        const written = await untilAnswered(
          process,
          () => this.#verbs.append(claim, output),
          stop,
          'timeout',
        );
        if (written === 'fenced') throw new Stopped('fenced');
        if (tokens === 1) this.#misbehave(behaviour);
      }
      if (behaviour === 'never ends') await stop.unlessStopped(new Promise(() => {}));
      if (behaviour === 'hangs') await new Promise(() => {});
      if (behaviour === 'fails in the model') return failure('failed', 'no good answer');
      return answerOf(chunks);
    } catch (error) {
      if (!(error instanceof Stopped) || error.kind !== 'timeout') throw error;
      return failure('expired', 'The timeout passed.');
    }
  }

  #misbehave(behaviour: RunInput['behaviour']): void {
    const isUnlucky = this.#isDefective && !this.#world.isHealed && this.#world.random.chance(0.9);
    if (behaviour === 'breaks off' || isUnlucky) throw new BrokeOff();
    if (behaviour === 'kills its worker') {
      this.#world.counts.add('fault: input killed its worker');
      this.#process.crash();
      throw new Stopped('fenced');
    }
  }

  async #renew(): Promise<void> {
    try {
      const before = [...this.#runs];
      const renewed = await this.#verbs.renew({
        id: this.#id,
        generation: this.#generation,
        seenPulse: this.#seenPulse,
      });
      if (renewed === null) {
        this.#stopAll('fenced');
        if (!this.#isStopping) await this.#register();
        return;
      }
      this.#seenPulse = renewed.pulse;
      const epochs = new Map(renewed.tasks.map((claim) => [claim.taskId, claim.epoch]));
      for (const [taskId, run] of before) {
        if (epochs.get(taskId) !== run.epoch) run.stop.stop('fenced');
      }
      for (const { isAccepted, ...claim } of renewed.tasks) {
        if (!isAccepted) this.#process.spawn(this.#take(claim));
        else if (!this.#runs.has(claim.taskId)) await this.#verbs.requeue(claim);
      }
    } catch (error) {
      requireAway(error);
    }
  }

  #stopAll(kind: 'fenced' | 'shutdown'): void {
    for (const run of this.#runs.values()) run.stop.stop(kind);
  }
}

class BrokeOff extends Error {
  override readonly name = 'BrokeOff';
}

function requireStopped(error: unknown): void {
  if (!(error instanceof Stopped)) throw error;
}

function answerOf(chunks: number): TaskResult {
  return {
    ...failure('succeeded', ''),
    finishReason: 'stop',
    output: 'an answer',
    weights: 'none',
    device: 'cpu',
    promptTokens: 3,
    completionTokens: chunks,
  };
}

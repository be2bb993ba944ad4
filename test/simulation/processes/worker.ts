/**
 * A worker as `apps/worker` runs it: takes tickets, runs tasks with the real verbs, renews its
 * lease. The engine is a pause; the input determines how it ends.
 */
import type { Ticket } from '@runfleet/queue';
import {
  type Carried,
  drainWorker,
  failure,
  registerWorker,
  retireWorker,
  type TaskResult,
} from '@runfleet/tasks';

import { outputOf, textOf } from '../answer.ts';
import type { RunInput } from '../input.ts';
import type { SimProcess } from '../kernel/sim-process.ts';
import { Stop, Stopped } from '../kernel/stop.ts';
import { POOL } from '../pool.ts';
import type { Clients } from '../servers/sim-clients.ts';
import { type End, type Verbs, verbsOf } from '../verbs.ts';
import type { World } from '../world.ts';
import { requireAway } from './require-away.ts';
import { untilAnswered } from './until-answered.ts';

const RENEW_MS = 5_000;
const DRAIN_MS = 4_000;
const PREPROCESS_MS = 400;
const POSTPROCESS_MS = 200;

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
  /** Whether most runs break off on this worker, independent of their input. */
  readonly #isDefective: boolean;
  readonly #runs = new Map<string, Run>();
  #generation = 0;
  #seenPulse = 0;
  #isStopping = false;
  #drained: Promise<unknown> = Promise.resolve();

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

  /** Finishes what it can within the drain time, hands the rest back and retires. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    const worker = { id: this.#id };
    this.#world.history.workerLeaves(this.#id);
    const drain = () => drainWorker(this.#clients, worker);
    this.#drained = untilAnswered(this.#process, drain);
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

  /** Resolves when the accept is committed or refused; the run continues. */
  async #take(ticket: Ticket): Promise<void> {
    const { taskId, epoch } = ticket;
    const known = this.#runs.get(taskId);
    if (known?.epoch === epoch) return known.accepted;
    if (this.#isStopping) {
      await this.#drained;
      await this.#verbs.handBack(ticket).catch(requireAway);
      return;
    }
    const stop = new Stop();
    let done = Promise.resolve();
    const confirmed = new Promise<void>((resolve) => {
      done = this.#carry(ticket, stop, resolve);
    });
    this.#process.spawn(done);
    const accepted = Promise.race([confirmed, done]);
    this.#runs.set(taskId, { epoch, stop, accepted, done });
    await accepted;
  }

  async #carry(ticket: Ticket, stop: Stop, onAccepted: () => void): Promise<void> {
    try {
      await this.#run(ticket, stop, onAccepted);
    } catch (error) {
      requireStopped(error);
    } finally {
      if (this.#runs.get(ticket.taskId)?.epoch === ticket.epoch) this.#runs.delete(ticket.taskId);
    }
  }

  async #run(ticket: Ticket, stop: Stop, onAccepted: () => void): Promise<void> {
    const process = this.#process;
    const { database } = this.#world;
    const read = () => this.#clients.ask(() => database.tasks.get(ticket.taskId)?.task);
    const task = await untilAnswered(process, read, stop);
    if (!task) return;
    const input = task.parameters as RunInput;
    process.after(task.timeoutSeconds * 1_000, () => stop.stop('timeout'));
    try {
      const end = await this.#infer(ticket, input, { stop, onAccepted });
      // From here on nothing stops it: the commit checks whether the task is still its own.
      await process.sleep(this.#world.random.exponential(POSTPROCESS_MS));
      const carried = await untilAnswered(process, () => this.#verbs.finish(ticket, end));
      if (carried === 'done') this.#world.history.finishConfirmed(ticket, end.result);
      this.#clients.queue.wake(POOL);
    } catch (error) {
      if (error instanceof Stopped && error.kind === 'fenced') return;
      if (error instanceof Stopped && error.kind === 'shutdown') {
        await untilAnswered(process, () => this.#verbs.handBack(ticket));
      } else if (error instanceof BrokeOff) {
        await untilAnswered(process, () => this.#verbs.requeue(ticket));
      } else throw error;
    }
  }

  async #infer(
    ticket: Ticket,
    input: RunInput,
    { stop, onAccepted }: { stop: Stop; onAccepted: () => void },
  ): Promise<End> {
    const process = this.#process;
    const { behaviour, runMs, chunks } = input;
    try {
      // A run that needs no preparation is accepted and started in one commit.
      const isAtOnce = behaviour !== 'is rejected' && this.#world.random.chance(0.5);
      if (!isAtOnce) {
        await this.#write(() => this.#verbs.accept(this.#own(ticket)), stop);
        onAccepted();
        await stop.unlessStopped(process.sleep(this.#world.random.exponential(PREPROCESS_MS)));
      }
      if (behaviour === 'is rejected') return { result: failure('rejected', 'a bad input') };
      const start = () =>
        isAtOnce ? this.#verbs.begin(this.#own(ticket)) : this.#verbs.start(ticket);
      await this.#write(start, stop);
      onAccepted();
      for (let tokens = 1; tokens <= chunks; tokens++) {
        await stop.unlessStopped(process.sleep(runMs / chunks));
        if (tokens === 1) this.#misbehave(behaviour);
        // The last output is written together with the finish.
        if (tokens === chunks) break;
        await this.#write(() => this.#verbs.append(ticket, outputOf(ticket, tokens)), stop);
      }
      if (behaviour === 'never ends') await stop.unlessStopped(new Promise(() => {}));
      if (behaviour === 'hangs') await new Promise(() => {});
      if (behaviour === 'fails in the model') {
        return { result: failure('failed', 'no good answer') };
      }
      return { result: answerOf(ticket, chunks), lastOutput: outputOf(ticket, chunks) };
    } catch (error) {
      if (!(error instanceof Stopped) || error.kind !== 'timeout') throw error;
      return { result: failure('expired', 'The timeout passed.') };
    }
  }

  /** A timeout does not stop a write: the run still has to be recorded. */
  async #write(write: () => Promise<Carried>, stop: Stop): Promise<void> {
    const carried = await untilAnswered(this.#process, write, stop, 'timeout');
    if (carried === 'fenced') throw new Stopped('fenced');
  }

  #own(ticket: Ticket): Ticket & { workerId: string } {
    return { ...ticket, workerId: this.#id };
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
      const epochs = new Map(renewed.tasks.map((ticket) => [ticket.taskId, ticket.epoch]));
      for (const [taskId, run] of before) {
        if (epochs.get(taskId) !== run.epoch) run.stop.stop('fenced');
      }
      for (const { isAccepted, ...ticket } of renewed.tasks) {
        if (!isAccepted) this.#process.spawn(this.#take(ticket));
        else if (!this.#runs.has(ticket.taskId)) await this.#verbs.requeue(ticket);
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

function answerOf(ticket: Ticket, chunks: number): TaskResult {
  return {
    ...failure('succeeded', ''),
    finishReason: 'stop',
    output: textOf(ticket, chunks),
    weights: 'none',
    device: 'cpu',
    promptTokens: 3,
    completionTokens: chunks,
  };
}

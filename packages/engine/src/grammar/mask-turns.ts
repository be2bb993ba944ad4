import { toFailure } from '../to-failure.ts';
import { GrammarPath } from './grammar-path.ts';
import { Grammars } from './grammars.ts';
import type { Slices } from './slices.ts';
import type { GrammarCall, GrammarReport } from './thread-messages.ts';
import type { Vocabulary } from './vocabulary.ts';

/** A mask that is being built, after its grammar is read. */
type Job = { path: number; step: number; slices: Slices<Int32Array> };

export type MaskTurnsPort = {
  /** A call that has arrived; undefined if there is none. */
  receive(): GrammarCall | undefined;
  send(report: GrammarReport): void;
  /** Gets the path that is worked on from now on. */
  onPath(path: number): void;
};

/**
 * Builds masks in turns of about a millisecond, so that a hard grammar delays no other. Building a
 * mask yields between its slices. Reading a grammar cannot, because it is one deep call, so it
 * gives the others their turns from inside.
 */
export class MaskTurns {
  readonly #port: MaskTurnsPort;
  readonly #grammars: Grammars;
  /** The paths that are open, without a state until their grammar is read. */
  readonly #paths = new Map<number, GrammarPath | undefined>();
  readonly #jobs: Job[] = [];
  #current = 0;

  constructor(vocabulary: Vocabulary, port: MaskTurnsPort) {
    this.#port = port;
    this.#grammars = new Grammars(vocabulary);
  }

  get isIdle(): boolean {
    return this.#jobs.length === 0;
  }

  accept(call: GrammarCall): void {
    const { path } = call;
    if (call.type === 'close') {
      this.#paths.delete(path);
      const at = this.#jobs.findIndex((job) => job.path === path);
      // Ended, so that the grammar can build its next mask.
      if (at >= 0) this.#jobs.splice(at, 1)[0]?.slices.return(new Int32Array());
      return;
    }
    if (call.type === 'open') this.#paths.set(path, undefined);
    const slices = call.type === 'open' ? this.#openPath(call) : this.#takeToken(call);
    this.#jobs.push({ path, step: call.step, slices });
  }

  /** Does one slice of the mask that waits longest. */
  turn(): void {
    const job = this.#jobs.shift();
    if (!job) return;
    const { path, step, slices } = job;
    const outer = this.#current;
    this.#setCurrent(path);
    try {
      const { done, value } = slices.next();
      if (!done) this.#jobs.push(job);
      else if (this.#paths.has(path)) this.#port.send({ type: 'mask', path, step, mask: value });
    } catch (error) {
      if (this.#paths.delete(path)) {
        this.#port.send({ type: 'failed', path, failure: toFailure(error) });
      }
    } finally {
      this.#setCurrent(outer);
    }
  }

  /** One turn for everything that waits, in the middle of reading the grammar of `path`. */
  #giveTurns(path: number): void {
    for (let call = this.#port.receive(); call; call = this.#port.receive()) this.accept(call);
    for (let turns = this.#jobs.length; turns > 0; turns -= 1) this.turn();
    if (!this.#paths.has(path)) throw new Error('The answer was closed.');
  }

  *#takeToken({ path: id, id: token }: GrammarCall & { type: 'take' }): Slices<Int32Array> {
    const path = this.#paths.get(id);
    // It failed before this call arrived.
    if (!path) return new Int32Array();
    path.take(token);
    return yield* path.maskInSlices();
  }

  /** Continues a path that another thread had begun. */
  *#openPath({ path: id, grammar, ids }: GrammarCall & { type: 'open' }): Slices<Int32Array> {
    const onPause = () => this.#giveTurns(id);
    const path = new GrammarPath(yield* this.#grammars.openInSlices(grammar, onPause));
    for (const taken of ids) {
      yield* path.maskInSlices();
      path.take(taken);
    }
    if (this.#paths.has(id)) this.#paths.set(id, path);
    return yield* path.maskInSlices();
  }

  #setCurrent(path: number): void {
    this.#current = path;
    this.#port.onPath(path);
  }
}

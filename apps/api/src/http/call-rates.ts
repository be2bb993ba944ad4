import { RunfleetError } from '@runfleet/protocol';
import { addressGroup, RateLimiter } from '@runfleet/service';

/** How many seconds' worth of calls may arrive in one burst. */
const ADDRESS_BURST_SECONDS = 4;
const PROJECT_BURST_SECONDS = 2;
/** This many bytes of a body or an answer count as one more call. */
const UNIT_BYTES = 1024;
/** The same for steps of work on a grammar. By default a project gets at most a sixth of the thread. */
const UNIT_STEPS = 50;
/** A millisecond of reading a file. By default reading one after the other leaves more than half of the calls. */
const UNITS_PER_FILE_MS = 2;
/** A call to an address that the caller chose, so that we flood no one. */
const UNITS_PER_FETCH = 50;
/** The same for tasks that Postgres counts for the total of a list. */
const UNIT_TASKS = 1_000;

type CallSource = { ip: string; projectId?: string };

/** Limits how often this process is called: by each project, and by each address without a key. */
export class CallRates {
  /** Calls without a key, and calls with a wrong key. */
  readonly addresses: RateLimiter;
  readonly #projects: RateLimiter;

  constructor(perSecond: { address: number; project: number }, nowMs?: () => number) {
    this.addresses = new RateLimiter({
      ...(nowMs && { nowMs }),
      perSecond: perSecond.address,
      burst: perSecond.address * ADDRESS_BURST_SECONDS,
    });
    this.#projects = new RateLimiter({
      ...(nowMs && { nowMs }),
      perSecond: perSecond.project,
      burst: perSecond.project * PROJECT_BURST_SECONDS,
    });
  }

  /** Counts a call. Throws `rate_limited` if there were too many. */
  requireCall(source: CallSource): void {
    this.#take(source, 1);
  }

  /** Counts the bytes of a body. Throws `rate_limited` if there were too many. */
  requireBytes(source: CallSource, sizeBytes: number): void {
    const units = Math.floor(sizeBytes / UNIT_BYTES);
    if (units > 0) this.#take(source, units);
  }

  /** Throws `rate_limited` while more was charged than there was left. */
  requireCredit(source: CallSource): void {
    this.#take(source, 0);
  }

  /** Counts the bytes of an answer; later calls are refused until they are made up for. */
  chargeBytes(source: CallSource, sizeBytes: number): void {
    this.#charge(source, Math.floor(sizeBytes / UNIT_BYTES));
  }

  /** Counts steps of work on a grammar; later calls are refused until they are made up for. */
  chargeSteps(source: CallSource, steps: number): void {
    this.#charge(source, Math.floor(steps / UNIT_STEPS));
  }

  /** Counts the time that reading a file took; later calls are refused until it is made up for. */
  chargeReading(source: CallSource, ms: number): void {
    this.#charge(source, Math.ceil(ms * UNITS_PER_FILE_MS));
  }

  /** Counts a call to an address that the caller chose. */
  chargeFetch(source: CallSource): void {
    this.#charge(source, UNITS_PER_FETCH);
  }

  /** Counts the tasks that Postgres has counted; later calls are refused until they are made up for. */
  chargeTasks(source: CallSource, tasks: number): void {
    this.#charge(source, Math.floor(tasks / UNIT_TASKS));
  }

  /** Calls without a project get small answers, run no grammar and read no file. */
  #charge({ projectId }: CallSource, units: number): void {
    if (projectId !== undefined && units > 0) this.#projects.charge(projectId, units);
  }

  #take({ ip, projectId }: CallSource, units: number): void {
    const waitMs =
      projectId === undefined
        ? this.addresses.take(addressGroup(ip), units)
        : this.#projects.take(projectId, units);
    if (waitMs === 0) return;
    const retryAfterSeconds = Math.ceil(waitMs / 1000);
    throw new RunfleetError(
      'rate_limited',
      projectId === undefined
        ? `Too many calls without a key from your address. Try again in ${retryAfterSeconds} s.`
        : `Too many calls of this project. Try again in ${retryAfterSeconds} s.`,
      { retryAfterSeconds },
    );
  }
}

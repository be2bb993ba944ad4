import { RunfleetError } from '@runfleet/protocol';
import { addressGroup, RateLimiter } from '@runfleet/service';

/** How many seconds' worth of calls may come at once. */
const ADDRESS_BURST_SECONDS = 4;
const PROJECT_BURST_SECONDS = 2;
/** So much of a body costs as much as one more call. */
const UNIT_BYTES = 4096;

type WhoCalls = { ip: string; projectId?: string };

/** How often this process is called: by each project, and by each address without a key. */
export class CallRates {
  /** Calls without a key, and keys that were wrong. */
  readonly addresses: RateLimiter;
  readonly #projects: RateLimiter;

  constructor(perSecond: { address: number; project: number }) {
    this.addresses = new RateLimiter({
      perSecond: perSecond.address,
      burst: perSecond.address * ADDRESS_BURST_SECONDS,
    });
    this.#projects = new RateLimiter({
      perSecond: perSecond.project,
      burst: perSecond.project * PROJECT_BURST_SECONDS,
    });
  }

  /** Counts a call. Throws `rate_limited` where there were too many. */
  requireCall(who: WhoCalls): void {
    this.#take(who, 1);
  }

  /** Counts a body that was read. Throws `rate_limited` where there was too much. */
  requireBytes(who: WhoCalls, sizeBytes: number): void {
    const units = Math.floor(sizeBytes / UNIT_BYTES);
    if (units > 0) this.#take(who, units);
  }

  #take({ ip, projectId }: WhoCalls, units: number): void {
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

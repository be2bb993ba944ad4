import { readFile } from 'node:fs/promises';

import type { Role, RoleProcess } from '../e2e/role-process.ts';

const EVERY_MS = 200;
const HEALTH_MS = 100;
const HEALTH_PATIENCE_MS = 20_000;

/** Samples each role's memory and the latency of the API's `/healthz` until disposed. */
export class RoleWatch implements Disposable {
  /** The highest resident memory of any process of a role; empty on systems without `/proc`. */
  readonly residentBytes = new Map<Role, number>();
  readonly healthMs: number[] = [];
  readonly #timers: NodeJS.Timeout[];
  #isAsking = false;

  constructor(processes: readonly RoleProcess[], apiUrl: string) {
    this.#timers = [
      setInterval(() => void Promise.all(processes.map((each) => this.#sample(each))), EVERY_MS),
      setInterval(() => void this.#ask(`${apiUrl}/healthz`), HEALTH_MS),
    ];
  }

  [Symbol.dispose](): void {
    for (const timer of this.#timers) clearInterval(timer);
  }

  async #sample({ name, pid }: RoleProcess): Promise<void> {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(status) ?? [];
    if (kilobytes === undefined) return;
    const most = this.residentBytes.get(name) ?? 0;
    this.residentBytes.set(name, Math.max(most, Number(kilobytes) * 1024));
  }

  /** One request at a time: a late answer counts once, with its full latency. */
  async #ask(url: string): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    const beganAt = performance.now();
    const signal = AbortSignal.timeout(HEALTH_PATIENCE_MS);
    await fetch(url, { signal }).then(
      (answer) => answer.text(),
      () => '',
    );
    this.healthMs.push(performance.now() - beganAt);
    this.#isAsking = false;
  }
}

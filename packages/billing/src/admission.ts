import { formatUsd, MESSAGES, parseUsd, type Pico, RunfleetError } from '@runfleet/protocol';

/** An organisation's money. `balance` includes what is `held` for tasks that have not ended. */
export type Account = { balance: Pico; held: Pico; activeTasks: number };

/** Who may start another task. */
export type AdmissionPolicy = {
  minimumBalance: Pico;
  /** How many tasks may be between queue and end at once, by balance. */
  concurrencyOf(balance: Pico): number;
};

const UNLIMITED_ABOVE = parseUsd('250');
/** One task at once for each of these in the balance. */
const BALANCE_PER_ACTIVE_TASK = parseUsd('10');

/** The limits of the compatible contract. */
export const compatibleAdmission: AdmissionPolicy = {
  minimumBalance: parseUsd('0.5'),
  concurrencyOf: (balance) =>
    balance > UNLIMITED_ABOVE ? Infinity : Math.max(1, Number(balance / BALANCE_PER_ACTIVE_TASK)),
};

/** What happens to a Run at the limit of active tasks: refused, or queued all the same. */
export type Overflow = 'reject' | 'queue';

/** Active tasks of a tenant that queues past its limit. More would be a mistake or an attack. */
export const QUEUED_TASKS_MAX = 10_000;

/** Throws `insufficient_balance` or `concurrency_limit` where `account` may not start a task that may cost `hold`. */
export function requireAdmission(
  account: Account,
  hold: Pico,
  policy: AdmissionPolicy,
  overflow: Overflow,
): void {
  const available = account.balance - account.held;
  const required = hold > policy.minimumBalance ? hold : policy.minimumBalance;
  if (available < required) {
    throw new RunfleetError('insufficient_balance', MESSAGES.insufficientBalance);
  }
  if (overflow === 'queue') {
    if (account.activeTasks < QUEUED_TASKS_MAX) return;
    throw new RunfleetError(
      'concurrency_limit',
      `Queue limit reached: ${account.activeTasks} of ${QUEUED_TASKS_MAX} tasks queued or running. Wait for some to end.`,
    );
  }
  const limit = policy.concurrencyOf(account.balance);
  if (account.activeTasks >= limit) {
    throw new RunfleetError(
      'concurrency_limit',
      MESSAGES.concurrencyLimit(dollars(account.balance), limit),
    );
  }
}

/** Whole cents, rounded down. */
function dollars(amount: Pico): string {
  return formatUsd(amount).slice(0, -10);
}

/** A task's bill, calculated from its log alone and without the code that it checks. */
import {
  INITIAL_STATUS,
  type Pico,
  type Receipt,
  type TaskEvent,
  type TaskEventType,
} from '@runfleet/protocol';

const MICROS_PER_TICK = 100n;
const TICKS_PER_SECOND = 10_000n;
const PICO_PER_USD = 1_000_000_000_000n;

export type Bill = { cost: Pico; receipt: Pick<Receipt, 'cps' | 'seconds' | 'cost' | 'used'> };

/** `cps` is the price pinned by the Run; `log` is the task's whole log. */
export function billOf(
  log: readonly TaskEvent[],
  task: { cps: Pico; timeoutSeconds: number; isCharged: boolean },
): Bill {
  const attempt = log.slice(log.findLastIndex(({ type }) => type === INITIAL_STATUS));
  const queuedAt = log[0]?.at ?? 0n;
  const at = (type: TaskEventType) => attempt.find((event) => event.type === type)?.at ?? null;
  const ticks = (from: bigint | null, to: bigint | null) =>
    from === null || to === null ? 0n : (to - from) / MICROS_PER_TICK;
  const end = log.findLast(({ type }) => type === 'task_cost')?.at ?? null;
  const endedAt = at('task_end');
  const ran = ticks(at('task_accept'), endedAt ?? end);
  const ceiling = BigInt(task.timeoutSeconds) * TICKS_PER_SECOND;
  const used = ran < ceiling ? ran : ceiling;
  const billed = task.isCharged ? used : 0n;
  const written = attempt.findLast(({ type }) => type === 'task_output');
  const tokens = written?.type === 'task_output' ? written.payload.tokens : 0;
  const cost = (billed * task.cps) / TICKS_PER_SECOND;
  return {
    cost,
    receipt: {
      cps: decimal(task.cps, PICO_PER_USD),
      cost: decimal(cost, PICO_PER_USD),
      used: { seconds: decimal(used, TICKS_PER_SECOND), tokens },
      seconds: {
        queue: decimal(ticks(queuedAt, at('task_accept') ?? end), TICKS_PER_SECOND),
        preprocess: decimal(
          ticks(at('task_preprocess_start'), at('task_preprocess_end')),
          TICKS_PER_SECOND,
        ),
        run: decimal(ticks(at('task_start'), endedAt), TICKS_PER_SECOND),
        postprocess: decimal(ticks(endedAt, end), TICKS_PER_SECOND),
        billed: decimal(billed, TICKS_PER_SECOND),
      },
    },
  };
}

/** As many decimals as `unit` has zeros. */
function decimal(value: bigint, unit: bigint): string {
  const decimals = unit.toString().length - 1;
  return `${value / unit}.${(value % unit).toString().padStart(decimals, '0')}`;
}

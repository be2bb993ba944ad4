/**
 * Bugs in decisions and in what they write, as plans for lives with a planted bug. Each is a mutant
 * of the pure files; docs/simulation.md names the law that notices it.
 */
import { cpsOf, pricePerSecond, settle } from '@runfleet/billing';
import { formatUsd, parseUsd } from '@runfleet/protocol';
import {
  type Decision,
  planCommands,
  type TaskSnapshot,
  type TaskState,
} from '@runfleet/tasks/memory';

type Plan = typeof planCommands;
type Decide = (state: TaskState, snapshot: TaskSnapshot) => Decision;
type Steps = Exclude<Decision, { refused: string }>;
type Effect = ReturnType<Plan>['effects'][number];

/** Replaces a decision. */
const deciding =
  (change: (decide: Decide, state: TaskState, snapshot: TaskSnapshot) => Decision): Plan =>
  (commands, snapshot) =>
    planCommands(
      commands.map((command) => ({
        ...command,
        decide: (state, known) => change(command.decide, state, known),
      })),
      snapshot,
    );

/** Changes the steps of a decision. */
const stepping = (change: (steps: Steps) => Steps): Plan =>
  deciding((decide, state, snapshot) => {
    const decision = decide(state, snapshot);
    return 'refused' in decision ? decision : change(decision);
  });

const without = (left: Steps[number]['do']) => (steps: Steps) =>
  steps.filter((step) => step.do !== left);
const enters = (steps: Steps, status: string) =>
  steps.some((step) => step.do === 'enter' && step.status === status);
const isRequeue = (effect: Effect) => effect.events.some(({ type }) => type === 'task_queue');

/** Changes a task before it is settled. */
const preparing = (change: (state: TaskState) => object): Plan =>
  deciding((decide, state, snapshot) => {
    const decision = decide(state, snapshot);
    if (!('refused' in decision) && decision.some((step) => step.do === 'settle')) {
      Object.assign(state, change(state));
    }
    return decision;
  });

/** Keeps a field of a task that a requeue should reset. */
const keeping =
  (kept: (state: TaskState) => Partial<TaskState>): Plan =>
  (commands, snapshot) => {
    const before = new Map([...snapshot.tasks].map(([id, state]) => [id, kept(state)]));
    const plan = planCommands(commands, snapshot);
    for (const { state } of plan.changes) {
      const isBack = plan.effects.some(
        (effect) => isRequeue(effect) && effect.events[0]?.taskId === state.id,
      );
      if (isBack && state.status === 'task_queue') Object.assign(state, before.get(state.id));
    }
    return plan;
  };

/** Changes what a decision sees. */
const seeing = (
  change: (state: TaskState, snapshot: TaskSnapshot) => Partial<TaskSnapshot>,
): Plan =>
  deciding((decide, state, snapshot) => decide(state, { ...snapshot, ...change(state, snapshot) }));

export const WRONG_PLANS = {
  'token count kept on requeue': keeping(({ outputTokens }) => ({ outputTokens })),
  'times kept on requeue': keeping(({ times }) => ({ times: { ...times } })),
  'start deadline kept after an accept': keeping(({ startBy }) => ({ startBy })),
  'kill without epoch+1': stepping((steps) =>
    enters(steps, 'task_cancel') ? without('raise-epoch')(steps) : steps,
  ),
  'live worker declared lost': seeing(() => ({ holder: undefined })),
  'ticket taken back too early': seeing(({ status }, { pulse }) =>
    status === 'task_assign' ? { pulse: pulse + 3 } : {},
  ),
  'run ended before its report is due': seeing(({ status }, { pulse }) =>
    status === 'task_start' ? { pulse: pulse + 40 } : {},
  ),
  'pause ignored': deciding((decide, state, snapshot) =>
    decide(
      { ...state, notBefore: state.status === 'task_queue' ? null : state.notBefore },
      snapshot,
    ),
  ),
  'pause cut short': seeing(({ notBefore }, { now }) =>
    notBefore === null ? {} : { now: now + 2_000_000n },
  ),
  'draining worker gets tasks': seeing((_, { worker }) =>
    worker ? { worker: { ...worker, state: 'ready' } } : {},
  ),
  'attempt not counted': stepping(without('count-infra-attempt')),
  'one attempt too many': deciding((decide, state, snapshot) =>
    decide({ ...state, infraAttempts: Math.max(0, state.infraAttempts - 1) }, snapshot),
  ),
  'last output lost': stepping((steps) =>
    enters(steps, 'task_end')
      ? steps.filter((step) => step.do !== 'record' || step.event.type !== 'task_output')
      : steps,
  ),
  'output not counted': stepping(without('count-output')),
  'billed from the assignment': preparing(({ times }) => ({
    times: { ...times, acceptedAt: times.acceptedAt && times.assignedAt },
  })),
  'price not pinned': preparing(({ price }) => ({
    price: pricePerSecond(price.version, formatUsd(parseUsd(cpsOf(price)) + 1n)),
  })),
  'last digit not charged': (commands, snapshot) => {
    const plan = planCommands(commands, snapshot);
    for (const { state, patch } of plan.changes) {
      if (patch === null || state.totalCost === 0n) continue;
      state.totalCost -= 1n;
      for (const effect of plan.effects) {
        if (effect.patch === patch) effect.movements = [settle(state, state.totalCost)];
      }
    }
    return plan;
  },
  'limit not given back': (commands, snapshot) => {
    const plan = planCommands(commands, snapshot);
    for (const { movements } of plan.effects) {
      for (const movement of movements) movement.counts = [];
    }
    return plan;
  },
  'charge that is not revenue': (commands, snapshot) => {
    const plan = planCommands(commands, snapshot);
    for (const { movements } of plan.effects) {
      for (const movement of movements) {
        movement.transfers = movement.transfers.map((transfer) =>
          transfer.credit === 'revenue' ? { ...transfer, credit: 'deposits' } : transfer,
        );
      }
    }
    return plan;
  },
} as const satisfies Record<string, Plan>;

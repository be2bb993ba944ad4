import type { Random } from '../simulation/kernel/random.ts';
import type { FollowPlan } from './follow-task.ts';
import type { WantedEngine } from './observations.ts';

/** What a caller does next. Times count from the answer. */
export type Call = {
  engine: WantedEngine;
  prompt: string;
  hasKey: boolean;
  /** Sent to two apis at once, with one key. */
  isSentTwice: boolean;
  /** The task's timeout; 0 for the default. */
  timeoutSeconds: number;
  /** The task expires unless a worker accepts it within this time. */
  startTimeoutSeconds: number | undefined;
  follow: FollowPlan | null;
  stops: { how: 'kill' | 'cancel'; afterMs: number } | null;
};

const ENGINES: readonly WantedEngine[] = ['echo', 'echo', 'echo', 'tiny', 'any'];
const WORDS = ['to', 'be', 'or', 'not', 'that', 'is', 'the', 'question'];

export function drawCall(random: Random): Call {
  const engine = random.pick(ENGINES);
  const isLong = random.chance(0.1);
  const words = isLong ? random.whole(120, 300) : random.whole(3, 40);
  const hasKey = random.chance(0.75);
  return {
    engine,
    prompt:
      engine === 'tiny'
        ? `Story ${random.whole(1, 3)}`
        : Array.from({ length: words }, () => random.pick(WORDS)).join(' '),
    hasKey,
    isSentTwice: hasKey && random.chance(0.1),
    timeoutSeconds: isLong && random.chance(0.5) ? 1 : 0,
    startTimeoutSeconds: random.chance(0.08) ? random.whole(1, 5) : undefined,
    follow: random.chance(0.5)
      ? {
          mode: random.chance(0.7) ? 'delta' : 'cumulative',
          disconnectsAfter: random.chance(0.5) ? random.whole(1, 30) : Infinity,
          reconnects: random.chance(0.8),
        }
      : null,
    stops: random.chance(0.12)
      ? {
          how: random.chance(0.7) ? 'kill' : 'cancel',
          afterMs: random.exponential(400),
        }
      : null,
  };
}

import type { Random } from '../simulation/kernel/random.ts';
import type { WantedEngine } from './seen.ts';
import type { Watching } from './watch-task.ts';

/** What a caller will do next. Times are from the answer. */
export type Call = {
  engine: WantedEngine;
  prompt: string;
  hasKey: boolean;
  /** Sent to two apis at once, under one key. */
  isSentTwice: boolean;
  /** The run may take this long; 0 for the default. */
  timeoutSeconds: number;
  /** It expires unless it was accepted by then. */
  startTimeoutSeconds: number | undefined;
  watching: Watching | null;
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
    watching: random.chance(0.5)
      ? {
          mode: random.chance(0.7) ? 'delta' : 'cumulative',
          leavesAfter: random.chance(0.5) ? random.whole(1, 30) : Infinity,
          comesBack: random.chance(0.8),
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

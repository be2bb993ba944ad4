import type { Random } from './kernel/random.ts';

/** Probabilities, per message, of faults between processes and a server. */
export type LinkFaults = { lostBefore: number; lostAfter: number; slow: number };

/** The circumstances of one life, drawn from its seed: its size and its faults. */
export type Profile = {
  brokers: number;
  apis: number;
  workers: number;
  slots: number;
  /** Most runs of one worker break off until faults are undone. */
  isOneWorkerDefective: boolean;
  /** Mean time between two Runs, milliseconds. */
  runEveryMs: number;
  /** Mean time between two incidents, milliseconds. */
  incidentEveryMs: number;
  postgres: LinkFaults;
  redis: LinkFaults;
  httpAnswersLost: number;
  notices: { lost: number; duplicated: number };
  tickets: { lost: number; duplicated: number; late: number };
};

/** Each fault is absent from some lives, so that no fault is always masked by another one. */
export function drawProfile(random: Random): Profile {
  const sometimes = (max: number) => (random.chance(0.35) ? 0 : max * random.next() ** 2);
  const linkFaults = (): LinkFaults => ({
    lostBefore: sometimes(0.15),
    lostAfter: sometimes(0.15),
    slow: sometimes(0.3),
  });
  return {
    brokers: random.whole(2, 3),
    apis: random.whole(2, 3),
    workers: random.whole(2, 4),
    slots: random.whole(1, 3),
    isOneWorkerDefective: random.chance(0.25),
    runEveryMs: random.between(150, 900),
    incidentEveryMs: random.between(500, 4_000),
    postgres: linkFaults(),
    redis: linkFaults(),
    httpAnswersLost: sometimes(0.3),
    notices: { lost: sometimes(0.5), duplicated: sometimes(0.3) },
    tickets: { lost: sometimes(0.5), duplicated: sometimes(0.4), late: sometimes(0.5) },
  };
}

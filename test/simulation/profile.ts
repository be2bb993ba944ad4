import type { Random } from './kernel/random.ts';

/** What goes wrong between processes and a server, by chance per message. */
export type LinkFaults = { lostBefore: number; lostAfter: number; slow: number };

/** The circumstances of one life, drawn from its seed: how many of everything, and how bad things get. */
export type Profile = {
  brokers: number;
  apis: number;
  workers: number;
  slots: number;
  /** On one worker most runs break off until it is healed. */
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

/** Some lives are calm in one way and terrible in another, so that no fault always hides behind a second one. */
export function drawProfile(random: Random): Profile {
  const sometimes = (most: number) => (random.chance(0.35) ? 0 : most * random.next() ** 2);
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

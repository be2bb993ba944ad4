/** A pure file that decides about tasks, money or fairness, and the tests that must notice a bug in it. */
export type Subject = {
  /** From the repository's root. */
  file: string;
  tests: readonly string[];
};

const LIFE = 'packages/tasks/src/life';
const FLEET = 'packages/tasks/src/fleet';
const STORE = 'packages/tasks/src/store';
const BILLING = 'packages/billing/src';
const SCHEDULER = 'packages/scheduler/src';

const subject = (folder: string, name: string, ...tests: string[]): Subject => ({
  file: `${folder}/${name}.ts`,
  tests: tests.map((test) => `${test.includes('/') ? test : `${folder}/${test}`}.test.ts`),
});

export const SUBJECTS: readonly Subject[] = [
  subject(LIFE, 'decide', 'decide'),
  subject(LIFE, 'task-state', 'task-state', 'decide'),
  subject(FLEET, 'decide-worker', 'decide-worker'),
  subject(FLEET, 'decide-lease', 'decide-lease'),
  subject(LIFE, 'failures', 'decide'),
  subject(LIFE, 'queue-moves', 'task-state', `${STORE}/plan-commit`),
  subject(STORE, 'plan-commit', 'plan-commit'),
  subject(BILLING, 'ledger', 'ledger'),
  subject(BILLING, 'price', 'price'),
  subject(BILLING, 'admission', 'admission'),
  subject(SCHEDULER, 'fair-queue', 'fair-queue-naive', 'fair-queue'),
  subject(SCHEDULER, 'fair-queue-heap', 'fair-queue-heap', 'fair-queue-naive'),
  subject(SCHEDULER, 'fair-queue-task', 'fair-queue-naive', 'fair-queue'),
  subject(SCHEDULER, 'place-tasks', 'place-tasks'),
];

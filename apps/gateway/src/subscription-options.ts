/** What a client asked for with its subscription. */
export type SubscriptionOptions = {
  mode: 'cumulative' | 'delta';
  /** Frames start after this seq. */
  after: number;
  /** Where a task has ended before `after`, send its last frame again. */
  repeatsEnd: boolean;
  /** Send `task_cost` frames too. */
  billing: boolean;
  /** Frames carry seq, epoch and prev. */
  isExtended: boolean;
};

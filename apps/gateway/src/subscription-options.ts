/** What a client asked for with its subscription. */
export type SubscriptionOptions = {
  mode: 'cumulative' | 'delta';
  /** Frames start after this seq. */
  after: number;
  /** Send `task_cost` frames too. */
  billing: boolean;
  /** Frames carry seq, epoch and prev. */
  isExtended: boolean;
};

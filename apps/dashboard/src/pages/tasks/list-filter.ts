import type { TaskPart } from '@runfleet/protocol';

import { DISPLAY_STATUS_LABELS } from '../../task/task-outcome.ts';

/** The filter of the task history, from its address. */
export type ListFilter = {
  model: string;
  state: TaskPart | null;
  created: Period | null;
  order: 'DESC' | 'ASC';
  limit: number;
  page: number;
};

export const PAGE_SIZES = [20, 50, 100] as const;

export const STATES: Record<TaskPart, string> = {
  queued: DISPLAY_STATUS_LABELS.waiting,
  running: DISPLAY_STATUS_LABELS.running,
  ended: DISPLAY_STATUS_LABELS.succeeded,
  failed: DISPLAY_STATUS_LABELS.failed,
  cancelled: DISPLAY_STATUS_LABELS.stopped,
};

export const PERIODS = {
  hour: { label: 'Last hour', seconds: 3_600 },
  day: { label: 'Last 24 hours', seconds: 86_400 },
  week: { label: 'Last 7 days', seconds: 7 * 86_400 },
} as const;
type Period = keyof typeof PERIODS;

export function filterFrom(search: URLSearchParams): ListFilter {
  const limit = PAGE_SIZES.find((size) => String(size) === search.get('limit')) ?? PAGE_SIZES[0];
  const page = Number(search.get('page') ?? '1');
  return {
    model: search.get('model') ?? '',
    state: keyOf(STATES, search.get('state')),
    created: keyOf(PERIODS, search.get('created')),
    order: search.get('order') === 'oldest' ? 'ASC' : 'DESC',
    limit,
    page: Number.isInteger(page) && page > 0 ? page : 1,
  };
}

/** The parameters of Task/List at this moment. */
export function listedBy(filter: ListFilter, nowMs: number) {
  const { created } = filter;
  return {
    start: (filter.page - 1) * filter.limit,
    limit: filter.limit,
    order: filter.order,
    model: filter.model || undefined,
    status: filter.state ?? undefined,
    from: created === null ? undefined : Math.floor(nowMs / 1_000) - PERIODS[created].seconds,
  };
}

function keyOf<Key extends string>(table: Record<Key, unknown>, text: string | null): Key | null {
  return (Object.keys(table) as Key[]).find((key) => key === text) ?? null;
}

/** The filter of the task history, from its address. */
export type ListFilter = { model: string; order: 'DESC' | 'ASC'; limit: number; page: number };

export const PAGE_SIZES = [20, 50, 100] as const;

export function filterFrom(search: URLSearchParams): ListFilter {
  const limit = PAGE_SIZES.find((size) => String(size) === search.get('limit')) ?? PAGE_SIZES[0];
  const page = Number(search.get('page') ?? '1');
  return {
    model: search.get('model') ?? '',
    order: search.get('order') === 'oldest' ? 'ASC' : 'DESC',
    limit,
    page: Number.isInteger(page) && page > 0 ? page : 1,
  };
}

/** The parameters of Task/List. */
export function listedBy(filter: ListFilter) {
  return {
    start: (filter.page - 1) * filter.limit,
    limit: filter.limit,
    order: filter.order,
    model: filter.model || undefined,
  };
}

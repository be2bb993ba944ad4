import { useQuery, useQueryClient, type UseQueryResult } from '@tanstack/react-query';

import { callApi } from './call-api.ts';

const ANSWER_TIMEOUT_MS = 8000;

/**
 * Reads `path` every `everyMs` while the page is visible. The result is what `keep` returns for the last
 * answer; a failed read does not change it.
 */
export function useLiveQuery<Answer, Kept>(
  path: string,
  everyMs: number,
  keep: (answer: Answer, before: Kept | undefined) => Kept,
): UseQueryResult<Kept> {
  const queries = useQueryClient();
  const queryKey = [path];
  return useQuery({
    queryKey,
    queryFn: async ({ signal }) => {
      const answer = await callApi<Answer>(path, {
        signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_TIMEOUT_MS)]),
      });
      return keep(answer, queries.getQueryData<Kept>(queryKey));
    },
    refetchInterval: everyMs,
  });
}

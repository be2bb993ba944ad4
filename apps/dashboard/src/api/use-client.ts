import { RunfleetClient } from '@runfleet/client';
import { useMemo } from 'react';

import { useSession } from '../session/use-session.ts';
import { watchedFetch } from './watched-fetch.ts';

/** The visitor's API client, authorised by the session's cookie; by default, for their first project. */
export function useClient(projectId?: string): RunfleetClient {
  const socketUrl = useSession().visitor?.socketUrl;
  return useMemo(
    () =>
      new RunfleetClient({
        apiUrl: `${location.origin}/v1`,
        fetch: watchedFetch,
        projectId,
        ...(socketUrl === undefined ? {} : { socketUrl }),
      }),
    [socketUrl, projectId],
  );
}

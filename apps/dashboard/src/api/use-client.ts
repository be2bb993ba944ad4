import { RunfleetClient } from '@runfleet/client';
import { useMemo } from 'react';

import { useSession } from '../session/use-session.ts';
import { watchedFetch } from './watched-fetch.ts';

/** The visitor's API client, authorised by the session's cookie. */
export function useClient(): RunfleetClient {
  const socketUrl = useSession().visitor?.socketUrl;
  return useMemo(
    () =>
      new RunfleetClient({
        apiUrl: `${location.origin}/v1`,
        fetch: watchedFetch,
        ...(socketUrl === undefined ? {} : { socketUrl }),
      }),
    [socketUrl],
  );
}

import { RunfleetClient } from '@runfleet/client';
import { useMemo } from 'react';

import { useSession } from '../session/use-session.ts';
import { uploadFetch } from './upload-fetch.ts';
import { watchedFetch } from './watched-fetch.ts';

/** Long enough for 10 MB at 16 KB a second, below which the server ends an upload. */
const UPLOAD_MS = 700_000;

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

/** A client for a call with files, which reports the share of them that was sent. */
export function uploadClient(onProgress: (share: number) => void): RunfleetClient {
  return new RunfleetClient({
    apiUrl: `${location.origin}/v1`,
    fetch: uploadFetch(onProgress),
    answerTimeoutMs: UPLOAD_MS,
  });
}

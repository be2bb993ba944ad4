import type { Me } from '@runfleet/protocol';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback } from 'react';

import { ApiProblem } from '../api/api-problem.ts';
import { callApi } from '../api/call-api.ts';

/** `undefined` until the server has answered; `null` if signed out. */
type Visitor = Me | null | undefined;

type Session = {
  visitor: Visitor;
  /** Reads the account line again. */
  refresh: () => void;
  signIn: (email: string, password: string) => Promise<void>;
  signOut: () => Promise<void>;
};

const ME = ['me'];
const ACCOUNT_REFRESH_MS = 15_000;

/** The signed-in visitor. A failed read does not sign the visitor out. */
export function useSession(): Session {
  const queries = useQueryClient();
  const { data: visitor } = useQuery({
    queryKey: ME,
    queryFn: readMe,
    refetchInterval: (query) => (query.state.data ? ACCOUNT_REFRESH_MS : false),
    // Many components use the visitor; mounting another one must not read it again.
    staleTime: ACCOUNT_REFRESH_MS,
  });

  const refresh = useCallback(() => void queries.invalidateQueries({ queryKey: ME }), [queries]);
  const signIn = useCallback(
    async (email: string, password: string) => {
      await callApi('/api/auth/sign-in/email', { body: { email, password } });
      queries.setQueryData<Visitor>(ME, await callApi<Me>('/api/v1/me'));
    },
    [queries],
  );
  const signOut = useCallback(async () => {
    await callApi('/api/auth/sign-out', { body: {} });
    // The next person at this browser must not see this person's data.
    queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== ME[0] });
    queries.setQueryData<Visitor>(ME, null);
  }, [queries]);

  return { visitor, refresh, signIn, signOut };
}

async function readMe({ signal }: { signal: AbortSignal }): Promise<Me | null> {
  try {
    return await callApi<Me>('/api/v1/me', { signal });
  } catch (problem) {
    if (problem instanceof ApiProblem && problem.status === 401) return null;
    throw problem;
  }
}

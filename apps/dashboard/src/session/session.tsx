import {
  createContext,
  type ReactNode,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useState,
  useSyncExternalStore,
} from 'react';

import { ApiProblem } from '../api/api-problem.ts';
import { callApi } from '../api/call-api.ts';
import { readReachability, subscribeReachability } from '../api/server-away.ts';
import type { Me } from '../api/wire.ts';

/** `undefined` until the server has said who is here; `null` is signed out. */
export type Visitor = Me | null | undefined;

type Session = {
  visitor: Visitor;
  /** Reads the account line again. */
  refresh: () => Promise<void>;
  signIn: (email: string, password: string) => Promise<void>;
  signOut: () => Promise<void>;
};

const SessionContext = createContext<Session | null>(null);

const ACCOUNT_REFRESH_MS = 15_000;

export function SessionProvider(props: { children: ReactNode }) {
  const [visitor, setVisitor] = useState<Visitor>(undefined);
  const returns = useSyncExternalStore(subscribeReachability, () => readReachability().returns);

  const refresh = useCallback(
    () =>
      callApi<Me>('/api/v1/me').then(setVisitor, (problem: unknown) => {
        // No answer says nothing about the session: whoever was here stays.
        if (problem instanceof ApiProblem && problem.status === 401) setVisitor(null);
      }),
    [],
  );

  useEffect(() => {
    void refresh();
  }, [refresh, returns]);

  const isSignedIn = visitor !== null && visitor !== undefined;
  useEffect(() => {
    if (!isSignedIn) return;
    const refreshVisible = () => {
      if (!document.hidden) void refresh();
    };
    const timer = setInterval(refreshVisible, ACCOUNT_REFRESH_MS);
    document.addEventListener('visibilitychange', refreshVisible);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', refreshVisible);
    };
  }, [isSignedIn, refresh]);

  const session = useMemo<Session>(
    () => ({
      visitor,
      refresh,
      signIn: async (email, password) => {
        await callApi('/api/auth/sign-in/email', { body: { email, password } });
        setVisitor(await callApi<Me>('/api/v1/me'));
      },
      signOut: async () => {
        await callApi('/api/auth/sign-out', { body: {} });
        setVisitor(null);
      },
    }),
    [visitor, refresh],
  );
  return <SessionContext value={session}>{props.children}</SessionContext>;
}

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (session === null) throw new Error('useSession needs a SessionProvider above it.');
  return session;
}

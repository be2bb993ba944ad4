import { QueryClient } from '@tanstack/react-query';

import { readReachability, subscribeReachability } from './server-away.ts';

/** What the pages have read, by key. After the server was away, all that is on screen is read again. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      // A failed read is shown at once; while the server is away, `server-away.ts` decides when to ask again.
      retry: false,
      // Runfleet may be on this machine or on a network without a way out.
      networkMode: 'always',
    },
  },
});

let { returns } = readReachability();

subscribeReachability(() => {
  const before = returns;
  returns = readReachability().returns;
  if (returns > before) void queryClient.invalidateQueries();
});

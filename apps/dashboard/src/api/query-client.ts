import { QueryClient } from '@tanstack/react-query';

import { readReachability, subscribeReachability } from './server-away.ts';

/**
 * The answers that pages have read, by key. When the server is back, everything on screen is read
 * again.
 */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      // A failed read is shown at once. While the server is away, `server-away.ts` decides when to retry.
      retry: false,
      // Runfleet may run on this machine or in a network without internet access.
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

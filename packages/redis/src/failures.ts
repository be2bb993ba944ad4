import { NotReadyError } from '@runfleet/service';

/** Replies of a Redis that refuses writes: the reply, the finding and the next step. */
const REFUSALS: readonly (readonly [RegExp, string, string])[] = [
  [/^READONLY/, 'Redis is a replica and takes no writes.', 'Set REDIS_URL to the primary.'],
  [
    /^(MOVED|ASK|CLUSTERDOWN|CROSSSLOT)/,
    'Redis is a node of a cluster.',
    'Set REDIS_URL to a Redis that is not part of a cluster.',
  ],
  [
    /^OOM/,
    'Redis is out of memory.',
    'Raise its maxmemory, or remove what other programs keep in it.',
  ],
  [
    /^MISCONF/,
    'Redis cannot write to its disk and takes no writes.',
    "See Redis's log; free space, or fix the permissions of its folder.",
  ],
  [
    /^NOREPLICAS/,
    'Redis has fewer replicas than min-replicas-to-write.',
    'Start them, or lower min-replicas-to-write.',
  ],
  [/^NOPERM/, 'Redis does not let this user write.', 'Grant the user of REDIS_URL more rights.'],
];

/** After a failover the former primary replies READONLY and a starting one LOADING. */
const FAILOVER = /^(READONLY|LOADING)/;

/** Whether a new connection may reach another server, which accepts the command. */
export function isFailover(error: Error): boolean {
  return FAILOVER.test(error.message);
}

/** A NotReadyError with the next step if `error` is a known refusal; any other error unchanged. */
export function explainRefusal(error: unknown): unknown {
  const text = error instanceof Error ? error.message : '';
  const known = REFUSALS.find(([pattern]) => pattern.test(text));
  return known ? new NotReadyError(known[1], known[2]) : error;
}

/** Every Redis key and channel of this package. A pool's keys share a hash tag, so that a cluster keeps them in one slot. */
export const indexPrefix = (pool: string): string => `runfleet:{${pool}}:`;
export const wakeChannel = (pool: string): string => `runfleet:wake:${pool}`;
export const workerChannel = (workerId: string): string => `runfleet:worker:${workerId}`;
export const inboxName = (workerId: string): string => `tickets-${workerId}`;
export const ticketList = (workerId: string): string => `runfleet:tickets:${workerId}`;

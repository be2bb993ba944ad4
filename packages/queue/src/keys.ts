import { poolOfLane } from '@runfleet/scheduler';

/** Every Redis key and channel of this package. A pool's keys share a hash tag, so that a cluster keeps them in one slot. */
export const indexPrefix = (pool: string): string => `runfleet:{${pool}}:`;
/** One for all lanes of a pool: its leader does not know beforehand which there will be. */
export const wakeChannel = (lane: string): string => `runfleet:wake:${poolOfLane(lane)}`;
export const workerChannel = (workerId: string): string => `runfleet:worker:${workerId}`;
export const inboxName = (workerId: string): string => `tickets-${workerId}`;
export const ticketList = (workerId: string): string => `runfleet:tickets:${workerId}`;

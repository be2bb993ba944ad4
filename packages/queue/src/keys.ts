import { poolOfLane } from '@runfleet/scheduler';

/**
 * Every Redis key and channel of this package. A lane's keys share a hash tag, so a cluster keeps
 * them in one slot.
 */
export const indexPrefix = (lane: string): string => `runfleet:{${lane}}:`;
/** One channel for all lanes of a pool: its leader cannot list future lanes in advance. */
export const wakeChannel = (lane: string): string => `runfleet:wake:${poolOfLane(lane)}`;
export const workerChannel = (workerId: string): string => `runfleet:worker:${workerId}`;
export const inboxName = (workerId: string): string => `tickets-${workerId}`;
export const ticketList = (workerId: string): string => `runfleet:tickets:${workerId}`;

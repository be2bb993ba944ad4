import { parseUsd, type Pico } from '@runfleet/protocol';

export type Tenant = {
  /** Also the id of its only project. */
  organisationId: string;
  ownerId: string;
  balance: Pico;
  weight: number;
  runningLimit: number | null;
};

const tenant = (
  organisationId: string,
  usd: string,
  weight = 1,
  runningLimit: number | null = null,
) => ({
  organisationId,
  ownerId: `00000000-0000-4000-8000-${organisationId.padStart(12, '0')}`,
  balance: parseUsd(usd),
  weight,
  runningLimit,
});

/** From a tenant with ample balance to one that can pay for one Run at a time. */
export const TENANTS: readonly Tenant[] = [
  tenant('1', '1000'),
  tenant('2', '1000', 4),
  tenant('3', '1000', 1, 1),
  tenant('4', '50', 2, 2),
  tenant('5', '0.504'),
];

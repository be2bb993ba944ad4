import type { Limit } from '@runfleet/billing';
import { parseUsd, type Pico } from '@runfleet/protocol';

export type Tenant = {
  /** Also the id of its only project. */
  organisationId: string;
  ownerId: string;
  balance: Pico;
  weight: number;
  runningLimit: number | null;
  limits: readonly Limit[];
};

const tenant = (
  organisationId: string,
  usd: string,
  weight = 1,
  runningLimit: number | null = null,
  limits: readonly Limit[] = [],
) => ({
  organisationId,
  ownerId: `00000000-0000-4000-8000-${organisationId.padStart(12, '0')}`,
  balance: parseUsd(usd),
  weight,
  runningLimit,
  limits,
});

const limit = (id: string, changes: Partial<Limit>): Limit => ({
  id,
  level: 'organisation',
  subject: '',
  kind: 'spend',
  period: 'total',
  value: 0n,
  isInForce: true,
  ...changes,
});

/** From a tenant with ample balance to one that can pay for one Run at a time. */
export const TENANTS: readonly Tenant[] = [
  tenant('1', '1000', 1, null, [
    limit('1', { value: parseUsd('0.3') }),
    limit('2', { level: 'user', period: 'day', value: parseUsd('0.06') }),
  ]),
  tenant('2', '1000', 4, null, [
    limit('3', {
      level: 'project',
      subject: '2',
      kind: 'active',
      period: 'now',
      value: parseUsd('3'),
    }),
  ]),
  tenant('3', '1000', 1, 1, [
    limit('4', { level: 'key', subject: '3', period: 'month', value: parseUsd('0.25') }),
  ]),
  tenant('4', '50', 2, 2),
  tenant('5', '0.504'),
];

import { testWithDb } from '@runfleet/db/testing';
import { expect } from 'vitest';

import { deliverMany } from './deliver-many.ts';

testWithDb(
  'while a tenth of the receivers hang, the others get each callback once, long before those time out',
  async ({ db, redisUrl }) => {
    const plan = { deliveries: 300, endpoints: 30, hanging: 3, atOnce: 16 };
    const result = await deliverMany({ db, redisUrl }, plan);
    expect(result).toMatchObject({ wanted: 270, arrived: 270, received: 270, hangingAtOnce: 1 });
    // An attempt at one that hangs ends after 15 s.
    expect(result.seconds).toBeLessThan(15);
  },
);

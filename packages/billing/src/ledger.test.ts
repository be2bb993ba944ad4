import type { Transaction } from '@runfleet/db';
import { parseUsd } from '@runfleet/protocol';
import { describe, expect, test } from 'vitest';

import {
  deposit,
  holdFor,
  lockAccounts,
  readAccount,
  readLedgerDrift,
  releaseOrphan,
  settle,
  sumTransfers,
  writeMovements,
} from './ledger.ts';

const TASK = { id: '7', organisationId: '3', countedIn: ['a', 'b'] };
const UNLIMITED = { ...TASK, countedIn: [] };

const counts = (settled: bigint, held: bigint, active: number) =>
  TASK.countedIn.map((name) => ({ name, settled, held, active }));

const transfer = (kind: string, debit: string, credit: string, amount: bigint) => ({
  businessKey: `task:7:${kind}`,
  organisationId: '3',
  taskId: '7',
  debit,
  credit,
  amount,
});

describe('a task’s money', () => {
  test('is held when it is accepted', () => {
    expect(holdFor(TASK, 5n)).toEqual({
      transfers: [transfer('hold', 'customer:3', 'held:3', 5n)],
      change: { organisationId: '3', balance: 0n, held: 5n, activeTasks: 1 },
      counts: counts(0n, 5n, 1),
    });
  });

  test('is charged from the hold when it ends, and the rest goes back', () => {
    expect(settle({ ...TASK, held: 5n }, 2n)).toEqual({
      transfers: [
        transfer('settle', 'held:3', 'revenue', 2n),
        transfer('release', 'held:3', 'customer:3', 3n),
      ],
      change: { organisationId: '3', balance: -2n, held: -5n, activeTasks: -1 },
      counts: counts(2n, -5n, -1),
    });
  });

  test('moves in no transfer of nothing', () => {
    const kinds = (cost: bigint) =>
      settle({ ...TASK, held: 5n }, cost).transfers.map(({ businessKey }) => businessKey);
    expect([kinds(0n), kinds(5n)]).toEqual([['task:7:release'], ['task:7:settle']]);
    expect(holdFor(TASK, 0n).transfers).toEqual([]);
  });

  test('that is still held after the end goes back, which ends no task a second time', () => {
    expect(releaseOrphan(TASK, 5n)).toEqual({
      transfers: [transfer('orphan', 'held:3', 'customer:3', 5n)],
      change: { organisationId: '3', balance: 0n, held: -5n, activeTasks: 0 },
      counts: counts(0n, -5n, -1),
    });
  });
});

/** A transaction that keeps the values of its statements and answers with `rows`. */
function recording(rows: unknown[] = []) {
  const values: unknown[][] = [];
  const tx = (_: TemplateStringsArray, ...given: unknown[]) => {
    values.push(given);
    return rows;
  };
  // Of a transaction only its tag is used here.
  return { values, tx: tx as unknown as Transaction };
}

describe('what a commit writes', () => {
  test('is each transfer, and one change of each account and of each count', () => {
    const { tx, values } = recording();
    const other = { id: '8', organisationId: '4', countedIn: [] };
    const statements = writeMovements(tx, [
      holdFor(TASK, 5n),
      holdFor(other, 1n),
      settle({ id: '9', organisationId: '3', held: 7n, countedIn: ['b'] }, 2n),
    ]);
    expect(statements).toHaveLength(3);
    const [transfers, changes, counted] = values.map(
      ([json]) => JSON.parse(String(json)) as unknown[],
    );
    expect(transfers?.[0]).toEqual({
      key: 'task:7:hold',
      organisation_id: '3',
      task_id: '7',
      debit: 'customer:3',
      credit: 'held:3',
      amount: '0.000000000005',
    });
    expect(transfers).toHaveLength(4);
    expect(changes).toEqual([
      {
        organisation_id: '3',
        balance: '-0.000000000002',
        held: '-0.000000000002',
        active_tasks: 0,
      },
      { organisation_id: '4', balance: '0.000000000000', held: '0.000000000001', active_tasks: 1 },
    ]);
    expect(counted).toEqual([
      { name: 'a', settled: '0.000000000000', held: '0.000000000005', active: 1 },
      { name: 'b', settled: '0.000000000002', held: '-0.000000000002', active: 0 },
    ]);
  });

  test('is nothing for no movement, and no transfer where none moves anything', () => {
    const { tx } = recording();
    expect(writeMovements(tx, [])).toEqual([]);
    expect(writeMovements(tx, [holdFor(UNLIMITED, 0n)])).toHaveLength(1);
    expect(writeMovements(tx, [holdFor(UNLIMITED, 1n)])).toHaveLength(2);
  });

  test('does not change the movements that it adds up', () => {
    const movements = [holdFor(TASK, 5n), holdFor(TASK, 6n)];
    expect(writeMovements(recording().tx, movements)).toHaveLength(3);
    expect(movements[0]).toEqual(holdFor(TASK, 5n));
  });
});

describe('an account', () => {
  const ROW = { organisation_id: '3', balance: '1.5', held: '0.25', active_tasks: 2 };
  const ACCOUNT = { balance: parseUsd('1.5'), held: parseUsd('0.25'), activeTasks: 2 };

  test('is read as it is, or as nothing', async () => {
    const read = (rows: unknown[]) =>
      readAccount({ db: { sql: recording(rows).tx } as never }, '3');
    expect(await read([ROW])).toEqual(ACCOUNT);
    expect(await read([])).toEqual({ balance: 0n, held: 0n, activeTasks: 0 });
    expect(await lockAccounts(recording([ROW]).tx, ['3'])).toEqual(new Map([['3', ACCOUNT]]));
  });

  test('has what its transfers leave within reach and in hold', async () => {
    const sums = await sumTransfers(recording([{ available: '2', held: '0.5' }]).tx, '3');
    expect(sums).toEqual({ balance: parseUsd('2.5'), held: parseUsd('0.5') });
    expect(await sumTransfers(recording().tx, '3')).toEqual({ balance: 0n, held: 0n });
  });

  test('is named in the statements as its transfers name it', async () => {
    const { tx, values } = recording([{ available: '0', held: '0' }]);
    await sumTransfers(tx, '3');
    expect(values).toEqual([['customer:3', 'customer:3', 'held:3', 'held:3', '3']]);
  });
});

describe('a deposit', () => {
  const give = async (written: unknown[]) => {
    const { tx, values } = recording(written);
    const sql = { begin: (run: (tx: Transaction) => unknown) => run(tx) };
    const input = { organisationId: '3', amount: 5n, businessKey: 'k' };
    await deposit({ db: { sql } as never }, input);
    return values;
  };
  const AMOUNT = '0.000000000005';

  test('is a transfer and a credit', async () => {
    expect(await give([{ id: '1' }])).toEqual([
      ['k', '3', 'deposits', 'customer:3', AMOUNT],
      ['3', AMOUNT],
    ]);
  });

  test('that is known already credits nothing', async () => {
    expect(await give([])).toHaveLength(1);
  });
});

test('a drift is what the statement finds, and none where it finds nothing', async () => {
  const drift = (rows: unknown[]) => readLedgerDrift({ db: { sql: recording(rows).tx } as never });
  expect(await drift([{ drift: '0.5' }])).toBe(parseUsd('0.5'));
  expect(await drift([])).toBe(0n);
});

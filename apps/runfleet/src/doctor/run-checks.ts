import { type Check, type CheckContext, type Finding, problem, reasonOf } from './check.ts';

/** The time limit of a check; a check that exceeds it is a problem. */
const CHECK_MS = 3_000;

export type Report = { name: string } & Finding;

/** Runs all checks in parallel, each with a time limit; the reports are in the table's order. */
export function runChecks(
  checks: Readonly<Record<string, Check>>,
  ctx: Omit<CheckContext, 'signal'>,
  checkMs = CHECK_MS,
): Promise<Report[]> {
  return Promise.all(
    Object.entries(checks).map(async ([name, check]) => ({
      name,
      ...(await runBounded(check, ctx, checkMs)),
    })),
  );
}

async function runBounded(
  check: Check,
  ctx: Omit<CheckContext, 'signal'>,
  checkMs: number,
): Promise<Finding> {
  const control = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<Finding>((resolve) => {
    timer = setTimeout(() => {
      control.abort(new Error('The check took too long.'));
      resolve(
        problem(
          `the check did not finish within ${checkMs / 1_000} s`,
          'Check whether the server that it asks hangs or is behind a firewall that drops packets.',
        ),
      );
    }, checkMs);
  });
  try {
    return await Promise.race([check({ ...ctx, signal: control.signal }), timeout]);
  } catch (error) {
    return problem(reasonOf(error), 'The check itself failed: please report it with this line.');
  } finally {
    clearTimeout(timer);
  }
}

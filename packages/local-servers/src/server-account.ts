import { spawnSync } from 'node:child_process';
import { lstatSync } from 'node:fs';

/** The user and group that a program runs as. */
export type Account = { uid: number; gid: number };

/** System users that may run a server for root, in order of preference. */
const SERVER_USERS = ['postgres', 'nobody'];

/**
 * The account for a server that refuses to run as root. For an ordinary user it is undefined, which
 * means our own. For root it is the owner of existing files, else the first of `SERVER_USERS`.
 */
export function serverAccount(dataDir: string): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;

  const stat = lstatSync(dataDir, { throwIfNoEntry: false });
  if (stat && stat.uid !== 0) return { uid: stat.uid, gid: stat.gid };
  const [account] = unprivilegedAccounts();
  if (account) return account;
  throw new Error(
    `PostgreSQL refuses to run as root, and this machine has none of the users ${SERVER_USERS.join(', ')} ` +
      'to run it as. Create one, run as an ordinary user, or set DATABASE_URL.',
  );
}

/** The accounts of this machine that may own a server's files for root, in order of preference. */
export function unprivilegedAccounts(): Account[] {
  return SERVER_USERS.flatMap((name) => {
    const uid = idOf('-u', name);
    const gid = idOf('-g', name);
    return uid === undefined || gid === undefined ? [] : [{ uid, gid }];
  });
}

/** Whether the account can enter every folder from / to this one and write to it. */
export function canWriteIn(account: Account, folder: string): boolean {
  return passes(account, 'cd "$1" && test -w .', folder);
}

/** Whether the account can enter every folder from / to the program and run it. */
export function canRun(account: Account, program: string): boolean {
  return passes(account, 'test -x "$1"', program);
}

function passes(account: Account, check: string, path: string): boolean {
  const result = spawnSync('/bin/sh', ['-c', check, 'sh', path], {
    ...account,
    cwd: '/',
    stdio: 'ignore',
  });
  if (result.error) {
    throw new Error(`Cannot run a program as uid ${account.uid}: ${result.error.message}`, {
      cause: result.error,
    });
  }
  return result.status === 0;
}

function idOf(flag: '-u' | '-g', name: string): number | undefined {
  const result = spawnSync('id', [flag, name], { encoding: 'utf8' });
  return result.status === 0 ? Number(result.stdout.trim()) : undefined;
}

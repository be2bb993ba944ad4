import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const TIMEOUT_MS = 30_000;
/** Node's own loader opens any library, and then complains if it is not an addon. */
const SCRIPT = `try { process.dlopen({ exports: {} }, process.argv[1]); }
catch (error) { process.stdout.write(String(error.message)); }`;
const NOT_AN_ADDON = 'did not self-register';

const run = promisify(execFile);

/** Loads a library with all that it needs, in another process. Null if that works, else the reason. */
export async function whyNotLoaded(path: string, libraryPath: string): Promise<string | null> {
  try {
    const { stdout } = await run(process.execPath, ['--eval', SCRIPT, path], {
      env: { LD_LIBRARY_PATH: libraryPath },
      timeout: TIMEOUT_MS,
    });
    return stdout === '' || stdout.includes(NOT_AN_ADDON) ? null : (stdout.split('\n', 1)[0] ?? '');
  } catch (error) {
    return error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : String(error);
  }
}

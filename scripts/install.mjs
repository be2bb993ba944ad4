import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..');

const LOCK = join(root, '.runfleet', 'install.lock');
const INSTALLED = join(root, 'node_modules', '.pnpm', 'lock.yaml');
const MODULES = join(root, 'node_modules', '.modules.yaml');
const LOCK_WAIT_MS = 10 * 60_000;
const LOCK_POLL_MS = 200;
const OUTPUT_CHARS_KEPT = 20_000;
const NETWORK_ERROR =
  /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|UND_ERR_\w+|\w*CERT\w*|E40[137])\b/;

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** Installs the packages of pnpm-lock.yaml, unless they are installed already. */
export async function installPackages() {
  if (isInstalled()) return;
  await takeLock();
  try {
    // The start that held the lock may have done it.
    if (!isInstalled()) await runPnpm();
  } finally {
    releaseLock();
  }
}

/** The path of a file of an installed package, resolved through its `exports`. */
export function resolvePackage(name) {
  return createRequire(join(root, 'package.json')).resolve(name);
}

/** Node's arguments that let it run TypeScript, with the repository's own tsx. */
export function typescriptArguments() {
  return ['--import', pathToFileURL(resolvePackage('tsx')).href];
}

/** Ends the process with a message instead of a stack trace. */
export function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

/** When pnpm is done, it records the installed lockfile and, last, the kinds of packages. */
function isInstalled() {
  return (
    existsSync(INSTALLED) &&
    readFileSync(INSTALLED).equals(readFileSync(join(root, 'pnpm-lock.yaml'))) &&
    includesBuildTools()
  );
}

/** False after `pnpm install --prod`, which leaves out the tools that build the dashboard. */
function includesBuildTools() {
  try {
    return JSON.parse(readFileSync(MODULES, 'utf8')).included.devDependencies;
  } catch {
    return false;
  }
}

async function takeLock() {
  try {
    mkdirSync(dirname(LOCK), { recursive: true });
  } catch (error) {
    failToWrite(error);
  }
  const deadline = Date.now() + LOCK_WAIT_MS;
  for (let isReported = false; ; isReported = true) {
    try {
      writeFileSync(LOCK, String(process.pid), { flag: 'wx' });
      process.on('exit', releaseLock);
      return;
    } catch (error) {
      if (error.code !== 'EEXIST') failToWrite(error);
    }
    if (isAbandoned()) {
      rmSync(LOCK, { force: true });
      continue;
    }
    if (Date.now() > deadline)
      fail(
        `Another start has been installing packages for 10 minutes. Stop it, or remove ${LOCK}.`,
      );
    if (!isReported)
      process.stderr.write('Waiting for another start that is installing packages ...\n');
    await delay(LOCK_POLL_MS);
  }
}

/** Packages are always installed into the repository, even if RUNFLEET_HOME is elsewhere. */
function failToWrite(error) {
  const nextStep =
    error.code === 'ENOSPC'
      ? 'The disk is full: free about 1 GB, then start again.'
      : 'Let this user write to the repository, or start from a copy in a folder that this user owns.';
  fail(`Cannot install the packages: ${error.message}\n${nextStep}`);
}

function releaseLock() {
  process.off('exit', releaseLock);
  rmSync(LOCK, { force: true });
}

function isAbandoned() {
  try {
    const pid = Number(readFileSync(LOCK, 'utf8'));
    const ageMs = Date.now() - statSync(LOCK).mtimeMs;
    // The file is empty between its creation and the write.
    if (pid === 0) return ageMs > LOCK_POLL_MS * 10;
    if (ageMs > LOCK_WAIT_MS) return true;
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH';
  }
}

async function runPnpm() {
  const version = manifest.packageManager.replace('pnpm@', '');
  const pnpm = hasPnpm(version) ? ['pnpm'] : ['npx', '-y', `pnpm@${version}`];
  process.stderr.write(`Installing packages with pnpm ${version} ...\n`);

  const [file, ...before] = pnpm;
  const options = [
    '--frozen-lockfile',
    '--reporter=append-only',
    '--config.confirmModulesPurge=false',
    // Install the build tools, too, even if NODE_ENV or npm's settings are for production.
    '--prod=false',
    // The version is pinned, so a check for updates would only cost a network call.
    '--config.update-notifier=false',
  ];
  const child = spawn(file, [...before, 'install', ...options], {
    cwd: root,
    env: {
      ...process.env,
      // onnxruntime-node's install step downloads from outside the registry.
      ONNXRUNTIME_NODE_INSTALL: 'skip',
      npm_config_update_notifier: 'false',
      // Undefined variables are not passed on.
      npm_config_omit: undefined,
      npm_config_production: undefined,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      // Progress goes to stderr: stdout is for the program that runs afterwards.
      process.stderr.write(chunk);
      output = (output + chunk).slice(-OUTPUT_CHARS_KEPT);
      // pnpm would retry for minutes, which does not free the disk.
      if (output.includes('ENOSPC')) child.kill();
    });
  }
  const code = await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  }).catch((error) => fail(`Cannot run ${file}: ${error.message}. It comes with Node.js.`));

  if (code !== 0) fail(explain(output));
}

function hasPnpm(version) {
  const found = spawnSync('pnpm', ['--version'], {
    // Outside the repository, so that neither pnpm nor corepack downloads the pinned version first.
    cwd: tmpdir(),
    env: { ...process.env, COREPACK_ENABLE_DOWNLOAD_PROMPT: '0', COREPACK_ENABLE_NETWORK: '0' },
    encoding: 'utf8',
  });
  const minorOf = (text) => text.trim().split('.').slice(0, 2).join('.');
  return found.status === 0 && minorOf(found.stdout) === minorOf(version);
}

function explain(output) {
  const code = /(ENOSPC|EACCES|EROFS)\b/.exec(output)?.[1];
  if (code) failToWrite({ code, message: `${code}, see the output above` });
  const lines = output.split('\n').filter((text) => NETWORK_ERROR.test(text));
  const line = lines.find((text) => text.includes('request to')) ?? lines[0];
  return line
    ? `\nnpm registry not reachable: ${line.trim()}\nCheck the network, the proxy and "npm config get registry", then start again.`
    : '\nThe packages could not be installed; see the output above.';
}

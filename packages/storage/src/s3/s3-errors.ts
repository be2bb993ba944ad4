import { RunfleetError } from '@runfleet/protocol';

import { StorageProblem } from '../storage-problem.ts';
import type { S3Options } from './s3-options.ts';

const MISSING = new Set(['NoSuchKey', 'NotFound']);
const WRONG_CREDENTIALS = new Set([
  'AccessDenied',
  'CredentialsProviderError',
  'ExpiredToken',
  'Forbidden',
  'InvalidAccessKeyId',
  'InvalidToken',
  'SignatureDoesNotMatch',
]);

export function isMissing(error: unknown): boolean {
  return MISSING.has(codeOf(error));
}

/** The name that S3 or the SDK gives to an error. */
export function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  return 'Code' in error && typeof error.Code === 'string' ? error.Code : error.name;
}

/** The failure for a caller, without details of the bucket; its cause is for operators. */
export function unavailable(
  error: unknown,
  { bucket, endpoint }: Pick<S3Options, 'bucket' | 'endpoint'>,
): RunfleetError {
  if (error instanceof RunfleetError) return error;
  const place = endpoint === undefined ? 'S3' : new URL(endpoint).origin;
  const { found, next } = problemOf(error, { bucket, place });
  return new RunfleetError(
    'unavailable',
    'The storage of files is unavailable. Try again shortly.',
    {
      cause: new StorageProblem(found, next, { cause: error }),
    },
  );
}

function problemOf(
  error: unknown,
  { bucket, place }: { bucket: string; place: string },
): Pick<StorageProblem, 'found' | 'next'> {
  const code = codeOf(error);
  const status = statusOf(error);
  if (code === 'NoSuchBucket') {
    return { found: `${place} has no bucket ${bucket}`, next: 'Create it, or correct S3_BUCKET.' };
  }
  if (WRONG_CREDENTIALS.has(code) || status === 401 || status === 403) {
    return {
      found: `${place} refuses the credentials for the bucket ${bucket} (${code})`,
      next: 'Correct S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY, or the rights of that key.',
    };
  }
  if (status !== null) {
    return {
      found: `${place} answers with status ${status} (${code})`,
      next: 'Wait until it is available again, or read its log.',
    };
  }
  const message = error instanceof Error && error.message !== '' ? error.message : code;
  return {
    found: `the connection to ${place} failed: ${message}`,
    next: 'Check S3_ENDPOINT and the network.',
  };
}

/** The status of an answer; null if there was none, or if it broke off in its middle. */
function statusOf(error: unknown): number | null {
  const { $metadata } = Object(error) as { $metadata?: { httpStatusCode?: number } };
  const status = $metadata?.httpStatusCode ?? 0;
  return status >= 300 ? status : null;
}

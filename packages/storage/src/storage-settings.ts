import { z } from 'zod';

const url = () => z.url({ protocol: /^https?$/ }).optional();

/** The settings of the place of files. A role that reads or deletes files has them all. */
export const storageSettings = {
  STORAGE_DIR: z
    .string()
    .default('.runfleet/storage')
    .describe('The folder of files, shared by all roles that name it; not used with S3_BUCKET.'),
  S3_BUCKET: z
    .string()
    .min(3)
    .optional()
    .describe('The bucket of files, for Runfleet alone; without it, files are in STORAGE_DIR.'),
  S3_ENDPOINT: url().describe('The URL of a server that speaks the protocol of S3; else AWS.'),
  S3_PUBLIC_ENDPOINT: url().describe(
    'Where clients reach the bucket: downloads are then redirected to URLs that expire in 5 minutes.',
  ),
  S3_REGION: z.string().default('us-east-1').describe('The region of the bucket.'),
  S3_PATH_STYLE: z
    .enum(['true', 'false'])
    .optional()
    .describe(
      "Whether the bucket is in a URL's path and not in its host name; true with S3_ENDPOINT.",
    ),
  S3_ACCESS_KEY_ID: z
    .string()
    .optional()
    .describe('The id of the access key; else the AWS SDK finds one, such as that of the machine.'),
  S3_SECRET_ACCESS_KEY: z.string().optional().describe('The secret of S3_ACCESS_KEY_ID.'),
};

export type StorageSettings = z.infer<z.ZodObject<typeof storageSettings>>;

export type S3Options = {
  bucket: string;
  region: string;
  /** Undefined: that of AWS. */
  endpoint?: string | undefined;
  /** Where clients reach the bucket; undefined if they cannot. */
  publicEndpoint?: string | undefined;
  isPathStyle: boolean;
  /** Undefined: those that the AWS SDK finds, such as the role of a machine. */
  credentials?: { accessKeyId: string; secretAccessKey: string } | undefined;
  /** How long a connection may be silent. */
  silenceMs?: number;
};

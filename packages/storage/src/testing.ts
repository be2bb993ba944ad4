import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { CreateBucketCommand, ListMultipartUploadsCommand, S3Client } from '@aws-sdk/client-s3';
import { eventually } from '@runfleet/testing';

import type { S3Options } from './s3/s3-options.ts';

export const CREDENTIALS = { accessKeyId: 'runfleet', secretAccessKey: 'a-secret-for-tests' };

/** Starts SeaweedFS as an S3 server on loopback, for the tests of one file. */
export async function startWeed(program: string): Promise<AsyncDisposable & { endpoint: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'weed-'));
  const identities = [
    {
      name: 'runfleet',
      credentials: [{ accessKey: CREDENTIALS.accessKeyId, secretKey: CREDENTIALS.secretAccessKey }],
      actions: ['Admin', 'Read', 'Write', 'List', 'Tagging'],
    },
  ];
  await writeFile(join(folder, 's3.json'), JSON.stringify({ identities }));
  // The servers of one process: HTTP and gRPC of master, volume, filer and S3.
  const ports = await freePorts(8);
  const names = ['master', 'volume', 'filer', 's3'].flatMap((name) => [
    `-${name}.port`,
    `-${name}.port.grpc`,
  ]);
  const args = [
    'server',
    `-dir=${folder}`,
    '-ip=127.0.0.1',
    '-ip.bind=127.0.0.1',
    '-master.volumeSizeLimitMB=64',
    '-volume.max=100',
    '-s3',
    '-s3.iam=false',
    `-s3.config=${join(folder, 's3.json')}`,
    ...names.map((name, n) => `${name}=${ports[n]}`),
  ];
  const server = spawn(program, args, { stdio: 'ignore' });
  const endpoint = `http://127.0.0.1:${ports[6]}`;
  const stop = async () => {
    if (server.exitCode === null && server.kill('SIGKILL')) await once(server, 'exit');
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await eventually(() => createBucket({ ...optionsFor(endpoint), bucket: 'ready' }));
  } catch (error) {
    await stop();
    throw error;
  }
  return { endpoint, [Symbol.asyncDispose]: stop };
}

export function optionsFor(endpoint: string): Omit<S3Options, 'bucket'> {
  return { endpoint, region: 'us-east-1', isPathStyle: true, credentials: CREDENTIALS };
}

export async function createBucket(options: S3Options): Promise<void> {
  await s3Client(options).send(new CreateBucketCommand({ Bucket: options.bucket }));
}

/** The keys of the unfinished multipart uploads. */
export async function uploadsIn(options: S3Options): Promise<(string | undefined)[]> {
  const command = new ListMultipartUploadsCommand({ Bucket: options.bucket });
  return ((await s3Client(options).send(command)).Uploads ?? []).map(({ Key }) => Key);
}

export function s3Client({ endpoint, region, isPathStyle }: S3Options): S3Client {
  return new S3Client({
    region,
    forcePathStyle: isPathStyle,
    credentials: CREDENTIALS,
    ...(endpoint && { endpoint }),
  });
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}

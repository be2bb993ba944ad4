import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

import { loadConfig } from '@runfleet/service';
import { z } from 'zod';

import { homeSetting } from '../home-setting.ts';
import type { LibraryPlaces } from './find-library.ts';

export type GpuContext = {
  /** The name of the binding's folder, such as `linux/x64`. */
  platform: string;
  /** The folder of onnxruntime-node with the binding and its libraries. */
  bindingDir: string;
  /** The version of onnxruntime-node; its provider libraries must have the same. */
  version: string;
  /** The service index of a NuGet server. */
  catalogueUrl: string;
  /** The folder for incomplete downloads. */
  downloadsDir: string;
  places: LibraryPlaces;
};

const gpuConfig = z.object({
  RUNFLEET_HOME: homeSetting,
  NUGET_URL: z
    .url()
    .default('https://api.nuget.org/v3/index.json')
    .describe('The service index of the NuGet server with the provider libraries.'),
  LD_LIBRARY_PATH: z
    .string()
    .default('')
    .describe('Folders in which libraries are searched first.'),
});

/** Reads the environment and finds the onnxruntime-node that the engine loads. */
export function readGpuContext(): GpuContext {
  const config = loadConfig(gpuConfig);
  const engine = createRequire(import.meta.url).resolve('@runfleet/engine');
  const manifestPath = createRequire(engine).resolve('onnxruntime-node/package.json');
  const { version }: { version: string } = createRequire(engine)(manifestPath);
  const platform = `${process.platform}/${process.arch}`;
  return {
    platform,
    bindingDir: join(dirname(manifestPath), 'bin', 'napi-v6', platform),
    version,
    catalogueUrl: config.NUGET_URL,
    downloadsDir: join(config.RUNFLEET_HOME, 'downloads'),
    places: { libraryPath: config.LD_LIBRARY_PATH, configFile: '/etc/ld.so.conf' },
  };
}

import { existsSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { pinLibrary } from '../src/runtime/ort-capi/pin-library.ts';

/** Where Debian's package `chromium` puts a Vulkan driver that needs no GPU, and its loader. */
const FOLDER = '/usr/lib/chromium';
const DRIVER = join(FOLDER, 'vk_swiftshader_icd.json');
const LOADER = join(FOLDER, 'libvulkan.so.1');

/** Why no WebGPU device can be opened here; undefined if one can. */
export const whyNoDevice = [DRIVER, LOADER].every((path) => existsSync(path))
  ? undefined
  : 'skipped: no software Vulkan driver here; Debian has one in its package chromium';

/** Makes this process use the software driver, whatever GPU the machine has. */
export async function useSoftwareVulkan(): Promise<void> {
  process.env['VK_DRIVER_FILES'] = DRIVER;
  process.env['XDG_RUNTIME_DIR'] = await mkdtemp(join(tmpdir(), 'runfleet-device-'));
  // The provider opens the loader by its name, which a loaded library already has.
  pinLibrary(LOADER);
}

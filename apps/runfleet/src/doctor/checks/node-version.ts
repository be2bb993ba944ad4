import { type CheckContext, type Finding, ok, problem } from '../check.ts';

/** The same as `engines` in the root's package.json. */
export const NODE_MINIMUM = '20.19';

export function checkNode(_ctx: CheckContext): Promise<Finding> {
  return Promise.resolve(judgeNode(process.versions.node));
}

export function judgeNode(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [neededMajor = 0, neededMinor = 0] = NODE_MINIMUM.split('.').map(Number);
  const isNewEnough = major > neededMajor || (major === neededMajor && minor >= neededMinor);
  return isNewEnough
    ? ok(`Node.js ${version}`)
    : problem(
        `Node.js ${version}; ${NODE_MINIMUM} or newer is needed`,
        'Install a newer one from https://nodejs.org or with your version manager.',
      );
}

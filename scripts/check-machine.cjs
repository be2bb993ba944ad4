// Loaded with plain `require` before the scripts: an old Node may not parse them, and in some folders
// Node cannot resolve modules.
const path = require('node:path');

const root = path.join(__dirname, '..');
const { engines } = require(path.join(root, 'package.json'));

const needed = engines.node.replace('>=', '');
const [major, minor] = process.versions.node.split('.').map(Number);
const [neededMajor, neededMinor] = needed.split('.').map(Number);
if (major < neededMajor || (major === neededMajor && minor < neededMinor)) {
  fail(
    `Runfleet needs Node.js ${needed} or newer; this is ${process.versions.node}. ` +
      'Install a newer one from https://nodejs.org or with your version manager.',
  );
}

// In a module's URL, "?" begins a query and a backslash is refused.
const unfit = /[?\\]/.exec(process.platform === 'win32' ? '' : root);
if (unfit) {
  fail(
    `Node.js cannot load modules from a folder with "${unfit[0]}" in its path: ${root}\n` +
      'Move or rename it, then start again.',
  );
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

import { program } from '../program.ts';
import { CONTROLS, quote, type Quoting, utf16Escapes } from '../quote.ts';
import {
  CALL_TIMEOUT_SECONDS,
  ENDED_STATUSES,
  FIRST_PAUSE_MS,
  PAUSE_MS,
  type SampleCall,
} from '../sample-call.ts';

export const JAVASCRIPT_TEXT: Quoting = {
  quote: "'",
  special: '',
  short: CONTROLS,
  codePoint: utf16Escapes,
};

const IDENTIFIER = /^[a-z_]\w*$/iu;

export function writeNodejs(call: SampleCall): string {
  const quoted = (text: string) => quote(text, JAVASCRIPT_TEXT);
  const parameters = Object.entries(call.parameters)
    .map(
      ([name, value]) => `\n    ${IDENTIFIER.test(name) ? name : quoted(name)}: ${quoted(value)},`,
    )
    .join('');
  return program(call)`
// Runs a task, waits for its end and prints the answer. Needs Node.js 18 or newer.
signed|// Set YOUR_API_KEY and YOUR_API_SECRET in the environment.
keyed|// Set YOUR_API_KEY in the environment.
signed|import { createHmac } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

const API_URL = ${quoted(call.apiUrl)};
const ENDED = [${ENDED_STATUSES.map(quoted).join(', ')}];

async function call(path, body) {
  const key = setting('YOUR_API_KEY');
signed|  const nonce = String(Date.now());
signed|  const signature = createHmac('sha256', key)
signed|    .update(setting('YOUR_API_SECRET') + nonce)
signed|    .digest('hex');
  const response = await fetch(\`\${API_URL}/\${path}\`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-api-key': key,
signed|      'x-nonce': nonce,
signed|      'x-signature': signature,
    },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(${CALL_TIMEOUT_SECONDS} * 1000),
  });
  // A refused call can have the HTTP status 200, too.
  const answer = await response.json().catch(() => null);
  if (answer?.result !== true) {
    const reason = answer?.errors?.[0]?.message ?? 'the answer is not JSON';
    throw new Error(\`\${path} was refused: HTTP \${response.status}, \${reason}\`);
  }
  return answer;
}

function setting(name) {
  const value = process.env[name];
  if (!value) throw new Error(\`\${name} is not set\`);
  return value;
}

async function waitForEnd(tasktoken) {
  const deadline = Date.now() + ${call.waitSeconds} * 1000;
  for (let pause = ${FIRST_PAUSE_MS}; Date.now() < deadline; pause = ${PAUSE_MS}) {
    const { tasklist } = await call('Task/Detail', { tasktoken });
    if (ENDED.includes(tasklist[0].status)) return tasklist[0];
    await sleep(pause);
  }
  await call('Task/Kill', { tasktoken });
  throw new Error('The task did not end in time and was killed.');
}

try {
  const { taskid, socketaccesstoken } = await call(${quoted(`Run/${call.model}`)}, {${parameters}
  });
  console.error(\`Task \${taskid} is queued.\`);
  const task = await waitForEnd(socketaccesstoken);
  if (task.pexit !== '0') {
    throw new Error(\`The task ended as \${task.status}: \${task.debugerror}\`);
  }
  console.log(task.debugoutput);
} catch (error) {
  console.error(error.message, error.cause?.code ?? '');
  process.exitCode = 1;
}
`;
}

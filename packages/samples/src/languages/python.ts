import { program } from '../program.ts';
import { CONTROLS, quote, type Quoting, shortOrLongEscape } from '../quote.ts';
import {
  CALL_TIMEOUT_SECONDS,
  ENDED_STATUSES,
  FIRST_PAUSE_MS,
  PAUSE_MS,
  type SampleCall,
} from '../sample-call.ts';

export const PYTHON_TEXT: Quoting = {
  quote: '"',
  special: '',
  short: CONTROLS,
  codePoint: shortOrLongEscape,
};

export function writePython(call: SampleCall): string {
  const quoted = (text: string) => quote(text, PYTHON_TEXT);
  const parameters = Object.entries(call.parameters)
    .map(([name, value]) => `\n    ${quoted(name)}: ${quoted(value)},`)
    .join('');
  return program(call)`
"""Runs a task, waits for its end and prints the answer. Needs Python 3.8 or newer.

signed|Set YOUR_API_KEY and YOUR_API_SECRET in the environment.
keyed|Set YOUR_API_KEY in the environment.
"""

signed|import hashlib
signed|import hmac
import json
import os
import sys
import time
import urllib.error
import urllib.request

API_URL = ${quoted(call.apiUrl)}
ENDED = {${ENDED_STATUSES.map(quoted).join(', ')}}
PARAMETERS = {${parameters}
}


class ApiError(Exception):
    pass


def call(path, body):
    key = setting("YOUR_API_KEY")
signed|    nonce = str(time.time_ns() // 1_000_000)
signed|    message = setting("YOUR_API_SECRET") + nonce
    headers = {
        "Content-Type": "application/json",
        "x-api-key": key,
signed|        "x-nonce": nonce,
signed|        "x-signature": hmac.new(key.encode(), message.encode(), hashlib.sha256).hexdigest(),
    }
    request = urllib.request.Request(f"{API_URL}/{path}", json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=${CALL_TIMEOUT_SECONDS}) as response:
            status, text = response.status, response.read()
    except urllib.error.HTTPError as error:
        status, text = error.code, error.read()
    try:
        answer = json.loads(text)
    except ValueError:
        raise ApiError(f"{path} was refused: HTTP {status}, the answer is not JSON") from None
    # A refused call can have the HTTP status 200, too.
    if not answer["result"]:
        raise ApiError(f"{path} was refused: HTTP {status}, {answer['errors'][0]['message']}")
    return answer


def setting(name):
    value = os.environ.get(name)
    if not value:
        raise ApiError(f"{name} is not set")
    return value


def wait_for_end(token):
    deadline = time.monotonic() + ${call.waitSeconds}
    pause = ${FIRST_PAUSE_MS / 1_000}
    while time.monotonic() < deadline:
        task = call("Task/Detail", {"tasktoken": token})["tasklist"][0]
        if task["status"] in ENDED:
            return task
        time.sleep(pause)
        pause = ${PAUSE_MS / 1_000}
    call("Task/Kill", {"tasktoken": token})
    raise ApiError("The task did not end in time and was killed.")


def main():
    run = call(${quoted(`Run/${call.model}`)}, PARAMETERS)
    print(f"Task {run['taskid']} is queued.", file=sys.stderr)
    task = wait_for_end(run["socketaccesstoken"])
    if task["pexit"] != "0":
        raise ApiError(f"The task ended as {task['status']}: {task['debugerror']}")
    print(task["debugoutput"])


if __name__ == "__main__":
    try:
        main()
    except (ApiError, OSError) as error:
        sys.exit(str(error))
`;
}

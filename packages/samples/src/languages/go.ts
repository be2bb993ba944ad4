import { program } from '../program.ts';
import { CONTROLS, quote, type Quoting, shortOrLongEscape } from '../quote.ts';
import {
  CALL_TIMEOUT_SECONDS,
  ENDED_STATUSES,
  FIRST_PAUSE_MS,
  PAUSE_MS,
  type SampleCall,
} from '../sample-call.ts';

export const GO_TEXT: Quoting = {
  quote: '"',
  special: '',
  short: CONTROLS,
  codePoint: shortOrLongEscape,
};

export function writeGo(call: SampleCall): string {
  const quoted = (text: string) => quote(text, GO_TEXT);
  const entries = Object.entries(call.parameters).map(
    ([name, value]) => [`${quoted(name)}:`, quoted(value)] as const,
  );
  // gofmt aligns the values.
  const width = Math.max(0, ...entries.map(([name]) => name.length));
  const parameters = entries
    .map(([name, value]) => `\n\t${name}${' '.repeat(width - name.length)} ${value},`)
    .join('');
  return program(call)`
// Runs a task, waits for its end and prints the answer. Needs Go 1.18 or newer.
signed|// Set YOUR_API_KEY and YOUR_API_SECRET in the environment.
keyed|// Set YOUR_API_KEY in the environment.
package main

import (
	"bytes"
signed|	"crypto/hmac"
signed|	"crypto/sha256"
signed|	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
signed|	"strconv"
	"time"
)

const apiURL = ${quoted(call.apiUrl)}

var parameters = map[string]string{${parameters}
}

type task struct {
	Status      string
	Pexit       string
	DebugOutput string
	DebugError  string
}

type answer struct {
	Result            bool
	Errors            []struct{ Message string }
	TaskID            string
	SocketAccessToken string
	TaskList          []task
}

var client = &http.Client{Timeout: ${CALL_TIMEOUT_SECONDS} * time.Second}

func call(path string, body map[string]string) (*answer, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequest(http.MethodPost, apiURL+"/"+path, bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	key, err := setting("YOUR_API_KEY")
	if err != nil {
		return nil, err
	}
signed|	secret, err := setting("YOUR_API_SECRET")
signed|	if err != nil {
signed|		return nil, err
signed|	}
signed|	nonce := strconv.FormatInt(time.Now().UnixMilli(), 10)
signed|	mac := hmac.New(sha256.New, []byte(key))
signed|	mac.Write([]byte(secret + nonce))
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("x-api-key", key)
signed|	request.Header.Set("x-nonce", nonce)
signed|	request.Header.Set("x-signature", hex.EncodeToString(mac.Sum(nil)))

	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	var result answer
	if err := json.NewDecoder(response.Body).Decode(&result); err != nil {
		return nil, fmt.Errorf("%s was refused: %s, the answer is not JSON", path, response.Status)
	}
	// A refused call can have the HTTP status 200, too.
	if !result.Result {
		return nil, fmt.Errorf("%s was refused: %s, %v", path, response.Status, result.Errors)
	}
	return &result, nil
}

func setting(name string) (string, error) {
	value := os.Getenv(name)
	if value == "" {
		return "", errors.New(name + " is not set")
	}
	return value, nil
}

func waitForEnd(token string) (*task, error) {
	reference := map[string]string{"tasktoken": token}
	deadline := time.Now().Add(${call.waitSeconds} * time.Second)
	for pause := ${FIRST_PAUSE_MS} * time.Millisecond; time.Now().Before(deadline); pause = ${PAUSE_MS / 1_000} * time.Second {
		detail, err := call("Task/Detail", reference)
		if err != nil {
			return nil, err
		}
		switch current := detail.TaskList[0]; current.Status {
		case ${ENDED_STATUSES.map(quoted).join(', ')}:
			return &current, nil
		}
		time.Sleep(pause)
	}
	if _, err := call("Task/Kill", reference); err != nil {
		return nil, err
	}
	return nil, errors.New("the task did not end in time and was killed")
}

func run() error {
	started, err := call(${quoted(`Run/${call.model}`)}, parameters)
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "Task %s is queued.\n", started.TaskID)
	task, err := waitForEnd(started.SocketAccessToken)
	if err != nil {
		return err
	}
	if task.Pexit != "0" {
		return fmt.Errorf("the task ended as %s: %s", task.Status, task.DebugError)
	}
	fmt.Println(task.DebugOutput)
	return nil
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
`;
}

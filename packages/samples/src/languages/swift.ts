import { program } from '../program.ts';
import { bracedEscape, CONTROLS, quote, type Quoting } from '../quote.ts';
import {
  CALL_TIMEOUT_SECONDS,
  ENDED_STATUSES,
  FIRST_PAUSE_MS,
  PAUSE_MS,
  type SampleCall,
} from '../sample-call.ts';

/** `\(` begins an interpolation; the backslash is escaped like any other. */
export const SWIFT_TEXT: Quoting = {
  quote: '"',
  special: '',
  short: CONTROLS,
  codePoint: bracedEscape,
};

export function writeSwift(call: SampleCall): string {
  const quoted = (text: string) => quote(text, SWIFT_TEXT);
  const entries = Object.entries(call.parameters)
    .map(([name, value]) => `\n    ${quoted(name)}: ${quoted(value)},`)
    .join('');
  const parameters = entries === '' ? '[:]' : `[${entries}\n]`;
  return program(call)`
// Runs a task, waits for its end and prints the answer. Needs Swift 5.7 or newer on macOS;
signed|// on Linux Swift 6 and the package swift-crypto.
keyed|// on Linux Swift 6.
signed|// Set YOUR_API_KEY and YOUR_API_SECRET in the environment.
keyed|// Set YOUR_API_KEY in the environment.
import Foundation
#if canImport(FoundationNetworking)
import FoundationNetworking
#endif
signed|#if canImport(CryptoKit)
signed|import CryptoKit
signed|#else
signed|import Crypto
signed|#endif

let apiURL = ${quoted(call.apiUrl)}
let ended = [${ENDED_STATUSES.map(quoted).join(', ')}]
let parameters: [String: String] = ${parameters}

struct Answer: Decodable {
    struct Problem: Decodable {
        let message: String
    }
    struct TaskDetail: Decodable {
        let status, pexit, debugoutput, debugerror: String
    }
    let result: Bool
    let errors: [Problem]
    let taskid, socketaccesstoken: String?
    let tasklist: [TaskDetail]?
}

struct Failure: Error {
    let message: String
}

func call(_ path: String, _ body: [String: String]) async throws -> Answer {
    guard let url = URL(string: "\(apiURL)/\(path)") else {
        throw Failure(message: "\(apiURL)/\(path) is not a URL")
    }
    let key = try setting("YOUR_API_KEY")
    var request = URLRequest(url: url, timeoutInterval: ${CALL_TIMEOUT_SECONDS})
    request.httpMethod = "POST"
    request.httpBody = try JSONEncoder().encode(body)
    request.setValue("application/json", forHTTPHeaderField: "Content-Type")
    request.setValue(key, forHTTPHeaderField: "x-api-key")
signed|    let nonce = String(Int(Date().timeIntervalSince1970 * 1000))
signed|    let signature = HMAC<SHA256>.authenticationCode(
signed|        for: Data((try setting("YOUR_API_SECRET") + nonce).utf8),
signed|        using: SymmetricKey(data: Data(key.utf8))
signed|    )
signed|    request.setValue(nonce, forHTTPHeaderField: "x-nonce")
signed|    request.setValue(
signed|        signature.map { String(format: "%02x", $0) }.joined(),
signed|        forHTTPHeaderField: "x-signature"
signed|    )

    let (data, response) = try await URLSession.shared.data(for: request)
    let status = (response as? HTTPURLResponse)?.statusCode ?? 0
    guard let answer = try? JSONDecoder().decode(Answer.self, from: data) else {
        throw Failure(message: "\(path) was refused: HTTP \(status), the answer is not as expected")
    }
    // A refused call can have the HTTP status 200, too.
    guard answer.result else {
        let reason = answer.errors.first?.message ?? "no reason"
        throw Failure(message: "\(path) was refused: HTTP \(status), \(reason)")
    }
    return answer
}

func setting(_ name: String) throws -> String {
    guard let value = ProcessInfo.processInfo.environment[name], !value.isEmpty else {
        throw Failure(message: "\(name) is not set")
    }
    return value
}

func waitForEnd(_ token: String) async throws -> Answer.TaskDetail {
    let deadline = Date().addingTimeInterval(${call.waitSeconds})
    var pauseMs: UInt64 = ${FIRST_PAUSE_MS}
    while Date() < deadline {
        let answer = try await call("Task/Detail", ["tasktoken": token])
        if let task = answer.tasklist?.first, ended.contains(task.status) {
            return task
        }
        try await Task.sleep(nanoseconds: pauseMs * 1_000_000)
        pauseMs = ${PAUSE_MS}
    }
    _ = try await call("Task/Kill", ["tasktoken": token])
    throw Failure(message: "The task did not end in time and was killed.")
}

func fail(_ message: String) -> Never {
    FileHandle.standardError.write(Data("\(message)\n".utf8))
    exit(1)
}

do {
    let run = try await call(${quoted(`Run/${call.model}`)}, parameters)
    FileHandle.standardError.write(Data("Task \(run.taskid ?? "") is queued.\n".utf8))
    let task = try await waitForEnd(run.socketaccesstoken ?? "")
    guard task.pexit == "0" else {
        fail("The task ended as \(task.status): \(task.debugerror)")
    }
    print(task.debugoutput)
} catch let failure as Failure {
    fail(failure.message)
} catch {
    fail(error.localizedDescription)
}
`;
}

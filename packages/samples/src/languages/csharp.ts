import { program } from '../program.ts';
import { CONTROLS, quote, type Quoting, shortOrLongEscape } from '../quote.ts';
import {
  CALL_TIMEOUT_SECONDS,
  ENDED_STATUSES,
  FIRST_PAUSE_MS,
  PAUSE_MS,
  type SampleCall,
} from '../sample-call.ts';

export const CSHARP_TEXT: Quoting = {
  quote: '"',
  special: '',
  short: CONTROLS,
  codePoint: shortOrLongEscape,
};

export function writeCsharp(call: SampleCall): string {
  const quoted = (text: string) => quote(text, CSHARP_TEXT);
  const parameters = Object.entries(call.parameters)
    .map(([name, value]) => `\n        [${quoted(name)}] = ${quoted(value)},`)
    .join('');
  return program(call)`
// Runs a task, waits for its end and prints the answer. Needs .NET 6 or newer.
signed|// Set YOUR_API_KEY and YOUR_API_SECRET in the environment.
keyed|// Set YOUR_API_KEY in the environment.
using System;
using System.Collections.Generic;
using System.Linq;
using System.Net.Http;
signed|using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Threading.Tasks;

static class Program
{
    const string ApiUrl = ${quoted(call.apiUrl)};
    static readonly string[] Ended = { ${ENDED_STATUSES.map(quoted).join(', ')} };
    static readonly HttpClient Http = new HttpClient
    {
        Timeout = TimeSpan.FromSeconds(${CALL_TIMEOUT_SECONDS}),
    };

    static readonly Dictionary<string, string> Parameters = new Dictionary<string, string>
    {${parameters}
    };

    static async Task<int> Main()
    {
        try
        {
            JsonElement run = await Call(${quoted(`Run/${call.model}`)}, Parameters);
            Console.Error.WriteLine($"Task {run.GetProperty("taskid")} is queued.");
            JsonElement task = await WaitForEnd(run.GetProperty("socketaccesstoken").GetString());
            if (task.GetProperty("pexit").GetString() != "0")
            {
                throw new Exception(
                    $"The task ended as {task.GetProperty("status")}: {task.GetProperty("debugerror")}");
            }
            Console.WriteLine(task.GetProperty("debugoutput").GetString());
            return 0;
        }
        catch (Exception error)
        {
            Console.Error.WriteLine(error.Message);
            return 1;
        }
    }

    static async Task<JsonElement> Call(string path, Dictionary<string, string> body)
    {
        string key = Setting("YOUR_API_KEY");
        var request = new HttpRequestMessage(HttpMethod.Post, ApiUrl + "/" + path);
        request.Content = new StringContent(
            JsonSerializer.Serialize(body), Encoding.UTF8, "application/json");
        request.Headers.Add("x-api-key", key);
signed|        string nonce = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds().ToString();
signed|        request.Headers.Add("x-nonce", nonce);
signed|        request.Headers.Add("x-signature", Sign(key, Setting("YOUR_API_SECRET") + nonce));

        HttpResponseMessage response = await Http.SendAsync(request);
        JsonElement answer;
        try
        {
            answer = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
        }
        catch (JsonException)
        {
            throw new Exception(
                $"{path} was refused: HTTP {(int)response.StatusCode}, the answer is not JSON");
        }
        // A refused call can have the HTTP status 200, too.
        if (!answer.GetProperty("result").GetBoolean())
        {
            JsonElement reason = answer.GetProperty("errors")[0].GetProperty("message");
            throw new Exception($"{path} was refused: HTTP {(int)response.StatusCode}, {reason}");
        }
        return answer;
    }

signed|    static string Sign(string key, string message)
signed|    {
signed|        using (var hmac = new HMACSHA256(Encoding.UTF8.GetBytes(key)))
signed|        {
signed|            byte[] hash = hmac.ComputeHash(Encoding.UTF8.GetBytes(message));
signed|            return BitConverter.ToString(hash).Replace("-", "").ToLowerInvariant();
signed|        }
signed|    }
signed|
    static string Setting(string name)
    {
        string value = Environment.GetEnvironmentVariable(name);
        if (string.IsNullOrEmpty(value)) throw new Exception($"{name} is not set");
        return value;
    }

    static async Task<JsonElement> WaitForEnd(string token)
    {
        var reference = new Dictionary<string, string> { ["tasktoken"] = token };
        DateTime deadline = DateTime.UtcNow.AddSeconds(${call.waitSeconds});
        for (int pauseMs = ${FIRST_PAUSE_MS}; DateTime.UtcNow < deadline; pauseMs = ${PAUSE_MS})
        {
            JsonElement task = (await Call("Task/Detail", reference)).GetProperty("tasklist")[0];
            if (Ended.Contains(task.GetProperty("status").GetString())) return task;
            await Task.Delay(pauseMs);
        }
        await Call("Task/Kill", reference);
        throw new Exception("The task did not end in time and was killed.");
    }
}
`;
}

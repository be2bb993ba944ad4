import { execFile } from 'node:child_process';
import { readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

export const DOTNET = '3.1.23';

/** Mono's compiler does not take the `Main` of another library's `Task` for an entry point. */
const CSHARP_START = `
using System.Reflection;
using System.Threading.Tasks;
static class Start
{
    static int Main()
    {
        var main = typeof(Program).GetMethod("Main", BindingFlags.NonPublic | BindingFlags.Static);
        return ((Task<int>)main.Invoke(null, null)).GetAwaiter().GetResult();
    }
}
`;

export async function fetchDotnet(folder: string): Promise<void> {
  // The second one contains OpenSSL 1.1.
  const wheels = [`dotnetcore2==${DOTNET}`, 'psycopg2-binary==2.9.5'];
  const options = ['--no-deps', '--only-binary', ':all:', '--target', folder];
  await execute('python3', ['-m', 'pip', 'install', '-q', ...options, ...wheels]);
  const libraries = opensslIn(folder);
  for (const name of await readdir(libraries)) {
    const [, library] = /^(libssl|libcrypto)-.*\.so\.1\.1$/.exec(name) ?? [];
    if (library === undefined) continue;
    await execute('ln', ['-sf', join(libraries, name), join(libraries, `${library}.so.1.1`)]);
  }
  await execute('chmod', ['+x', join(folder, 'dotnetcore2', 'bin', 'dotnet')]);
}

/** The runtime finds it by `LD_LIBRARY_PATH`. */
export const opensslIn = (folder: string): string => join(folder, 'psycopg2_binary.libs');

export async function compileCsharp(file: string, folder: string): Promise<void> {
  const framework = join(folder, 'dotnetcore2/bin/shared/Microsoft.NETCore.App', DOTNET);
  const libraries = (await readdir(framework)).filter((name) =>
    /^(System\.(?!.*Native).*|netstandard|mscorlib)\.dll$/.test(name),
  );
  const start = join(dirname(file), 'Start.cs');
  await writeFile(start, CSHARP_START);
  const version = { name: 'Microsoft.NETCore.App', version: DOTNET };
  const runtime = JSON.stringify({ runtimeOptions: { framework: version } });
  await writeFile(`${file}.runtimeconfig.json`, runtime);
  const references = libraries.map((name) => `-r:${join(framework, name)}`);
  const options = ['-nologo', '-langversion:latest', '-nostdlib', '-noconfig', '-sdk:4.5'];
  await execute('mcs', [...options, '-main:Start', ...references, file, start, `-out:${file}.dll`]);
}

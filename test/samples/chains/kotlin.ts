import { execFile } from 'node:child_process';
import { readdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

export const KOTLIN = '2.3.20';
export const SERIALIZATION = '1.9.0';

const KOTLIN_POM = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>samples</groupId><artifactId>samples</artifactId><version>1</version>
  <dependencies>
    <dependency>
      <groupId>org.jetbrains.kotlin</groupId>
      <artifactId>kotlin-compiler-embeddable</artifactId><version>${KOTLIN}</version>
    </dependency>
    <dependency>
      <groupId>org.jetbrains.kotlinx</groupId>
      <artifactId>kotlinx-serialization-json-jvm</artifactId><version>${SERIALIZATION}</version>
    </dependency>
    <dependency>
      <groupId>org.jetbrains.kotlin</groupId>
      <artifactId>kotlin-stdlib</artifactId><version>${KOTLIN}</version>
    </dependency>
  </dependencies>
</project>
`;

export async function fetchKotlin(folder: string): Promise<void> {
  await writeFile(join(folder, 'pom.xml'), KOTLIN_POM);
  const args = ['-q', '-B', 'dependency:copy-dependencies', `-DoutputDirectory=${folder}`];
  await execute('mvn', args, { cwd: folder });
}

export async function compileKotlin(file: string, folder: string): Promise<void> {
  const compiler = 'org.jetbrains.kotlin.cli.jvm.K2JVMCompiler';
  const all = join(folder, '*');
  const jars = (await readdir(folder)).filter((name) => /^kotlin(-stdlib|x-serial)/.test(name));
  const libraries = jars.map((name) => join(folder, name)).join(delimiter);
  const options = ['-no-stdlib', '-no-reflect', '-Werror', '-cp', libraries];
  await execute('java', ['-cp', all, compiler, ...options, '-d', `${file}.classes`, file]);
}

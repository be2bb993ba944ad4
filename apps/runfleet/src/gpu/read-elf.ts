import { type FileHandle, open } from 'node:fs/promises';

/** The facts about a shared library that the loader uses. */
export type ElfFacts = {
  /** `x64`, `arm64`, or the number in the file. */
  machine: string;
  /** Names of the libraries that it needs, such as `libcudart.so.13`. */
  needed: string[];
  /** Folders that it tells the loader to search; `$ORIGIN` is its own. */
  searchPaths: string[];
};

const HEADER_BYTES = 64;
const PROGRAM_HEADER_BYTES = 56;
const PROGRAM_HEADERS_MAX = 256;
const DYNAMIC_BYTES_MAX = 2 ** 20;
const NAME_BYTES_MAX = 4_096;
const MACHINES: Partial<Record<number, string>> = { 62: 'x64', 183: 'arm64' };

const [PT_LOAD, PT_DYNAMIC] = [1, 2];
const [DT_NEEDED, DT_STRTAB, DT_RPATH, DT_RUNPATH] = [1, 5, 15, 29];

type Segment = { type: number; offset: number; address: number; sizeBytes: number };

/** Reads the dynamic section of a 64-bit little-endian ELF file. Throws for other or truncated files. */
export async function readElf(path: string): Promise<ElfFacts> {
  const handle = await open(path);
  try {
    const header = await read(handle, 0, HEADER_BYTES, path);
    if (header.readUInt32BE(0) !== 0x7f454c46) throw damaged(path, 'it is not an ELF file');
    if (header[4] !== 2 || header[5] !== 1)
      throw damaged(path, 'it is not for a 64-bit little-endian machine');
    const segments = await readSegments(handle, header, path);
    const machine = header.readUInt16LE(18);
    return {
      machine: MACHINES[machine] ?? String(machine),
      ...(await readDynamic(handle, segments, path)),
    };
  } finally {
    await handle.close();
  }
}

async function readSegments(handle: FileHandle, header: Buffer, path: string): Promise<Segment[]> {
  const [start, size, count] = [
    asNumber(header, 32),
    header.readUInt16LE(54),
    header.readUInt16LE(56),
  ];
  if (size !== PROGRAM_HEADER_BYTES || count > PROGRAM_HEADERS_MAX) {
    throw damaged(path, 'its program headers are invalid');
  }
  const table = await read(handle, start, count * size, path);
  return Array.from({ length: count }, (_, index) => {
    const entry = table.subarray(index * size, (index + 1) * size);
    return {
      type: entry.readUInt32LE(0),
      offset: asNumber(entry, 8),
      address: asNumber(entry, 16),
      sizeBytes: asNumber(entry, 32),
    };
  });
}

async function readDynamic(
  handle: FileHandle,
  segments: readonly Segment[],
  path: string,
): Promise<Pick<ElfFacts, 'needed' | 'searchPaths'>> {
  const dynamic = segments.find(({ type }) => type === PT_DYNAMIC);
  if (!dynamic) return { needed: [], searchPaths: [] };
  if (dynamic.sizeBytes > DYNAMIC_BYTES_MAX)
    throw damaged(path, 'its dynamic section is too large');
  const table = await read(handle, dynamic.offset, dynamic.sizeBytes, path);
  const entries: { tag: number; value: number }[] = [];
  for (let at = 0; at + 16 <= table.length; at += 16) {
    const tag = Number(table.readBigInt64LE(at));
    if (tag === 0) break;
    // Values other than addresses and offsets may exceed 2^53; those are not used.
    entries.push({ tag, value: Number(table.readBigUInt64LE(at + 8)) });
  }
  const address = entries.find(({ tag }) => tag === DT_STRTAB)?.value;
  const load = segments.find(
    ({ type, address: from, sizeBytes }) =>
      type === PT_LOAD && address !== undefined && address >= from && address < from + sizeBytes,
  );
  if (address === undefined || !load) throw damaged(path, 'it has no string table');
  const names = load.offset + address - load.address;
  const namesOf = async (...tags: readonly number[]) =>
    await Promise.all(
      entries
        .filter(({ tag }) => tags.includes(tag))
        .map(({ value }) => readName(handle, names + value, path)),
    );
  const searchPaths = await namesOf(DT_RUNPATH, DT_RPATH);
  return {
    needed: await namesOf(DT_NEEDED),
    searchPaths: searchPaths.flatMap((paths) => paths.split(':')).filter((each) => each !== ''),
  };
}

async function readName(handle: FileHandle, offset: number, path: string): Promise<string> {
  const { buffer, bytesRead } = await handle.read(
    Buffer.alloc(NAME_BYTES_MAX),
    0,
    NAME_BYTES_MAX,
    offset,
  );
  const end = buffer.subarray(0, bytesRead).indexOf(0);
  if (end === -1) throw damaged(path, 'it contains an unterminated name');
  return buffer.toString('utf8', 0, end);
}

async function read(
  handle: FileHandle,
  offset: number,
  bytes: number,
  path: string,
): Promise<Buffer> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(bytes), 0, bytes, offset);
  if (bytesRead < bytes) throw damaged(path, 'it is truncated');
  return buffer;
}

function asNumber(bytes: Buffer, at: number): number {
  return Number(bytes.readBigUInt64LE(at));
}

function damaged(path: string, what: string): Error {
  return new Error(`${path} cannot be read as a shared library: ${what}.`);
}

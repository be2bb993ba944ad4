import { crc32, deflateRawSync } from 'node:zlib';

/** Builds a shared library that contains only its entries for the loader. */
export function makeElf(options: { needed: string[]; runPath?: string; machine?: number }): Buffer {
  const { needed, runPath, machine = 62 } = options;
  let names = '\0';
  const nameAt = (name: string) => {
    const at = names.length;
    names += `${name}\0`;
    return at;
  };
  const entries = needed.map((name): [number, number] => [1, nameAt(name)]);
  if (runPath !== undefined) entries.push([29, nameAt(runPath)]);

  // Addresses differ from file offsets, as in libraries from a linker.
  const address = 0x40_0000;
  const [dynamicAt, dynamicBytes] = [64 + 2 * 56, (entries.length + 2) * 16];
  const namesAt = dynamicAt + dynamicBytes;
  const file = Buffer.alloc(namesAt + names.length);
  file.writeUInt32BE(0x7f454c46, 0);
  file.set([2, 1, 1], 4);
  file.writeUInt16LE(3, 16);
  file.writeUInt16LE(machine, 18);
  file.writeBigUInt64LE(64n, 32);
  file.writeUInt16LE(56, 54);
  file.writeUInt16LE(2, 56);
  const segments: [number, number, number][] = [
    [1, 0, file.length],
    [2, dynamicAt, dynamicBytes],
  ];
  segments.forEach(([type, offset, bytes], index) => {
    const at = 64 + index * 56;
    file.writeUInt32LE(type, at);
    file.writeBigUInt64LE(BigInt(offset), at + 8);
    file.writeBigUInt64LE(BigInt(address + offset), at + 16);
    file.writeBigUInt64LE(BigInt(bytes), at + 32);
  });
  [...entries, [5, address + namesAt] as const].forEach(([tag, value], index) => {
    file.writeBigInt64LE(BigInt(tag), dynamicAt + index * 16);
    file.writeBigUInt64LE(BigInt(value), dynamicAt + index * 16 + 8);
  });
  file.write(names, namesAt, 'latin1');
  return file;
}

/** Builds a zip archive with deflated entries. */
export function makeZip(files: Record<string, Buffer | string>): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const [path, content] of Object.entries(files)) {
    const [name, bytes] = [Buffer.from(path), Buffer.from(content)];
    const packed = deflateRawSync(bytes);
    // The fields that the local header and the directory share: method 8, no time, checksum and sizes.
    const facts = Buffer.alloc(26);
    facts.writeUInt16LE(20, 0);
    facts.writeUInt16LE(8, 4);
    facts.writeUInt32LE(crc32(bytes), 10);
    facts.writeUInt32LE(packed.length, 14);
    facts.writeUInt32LE(bytes.length, 18);
    facts.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from('PK\u0003\u0004'), facts, name, packed]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(at, 10);
    directory.push(Buffer.concat([Buffer.from('PK\u0001\u0002\u0014\u0000'), facts, rest, name]));
    parts.push(local);
    at += local.length;
  }
  const listed = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\u0005\u0006', 'latin1');
  end.writeUInt16LE(directory.length, 8);
  end.writeUInt16LE(directory.length, 10);
  end.writeUInt32LE(listed.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, listed, end]);
}

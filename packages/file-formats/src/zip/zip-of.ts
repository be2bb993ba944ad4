import { crc32, deflateRawSync } from 'node:zlib';

/** One entry of an archive for a test. The last fields make it lie. */
export type ZipPart = {
  name: string | Buffer;
  data?: Uint8Array | string;
  isStored?: boolean;
  method?: number;
  flags?: number;
  /** The Unix mode, type included. */
  mode?: number;
  claimedBytes?: number;
  claimedChecksum?: number;
  /** Uses the header and the bytes of the entry with that index. */
  sharesWith?: number;
};

const UTF8_NAMES = 0x800;

/** A zip archive of these parts. */
export function zipOf(parts: readonly ZipPart[]): Buffer {
  const chunks: Buffer[] = [];
  const directory: Buffer[] = [];
  const offsets: number[] = [];
  let offset = 0;
  for (const part of parts) {
    const name = Buffer.from(part.name);
    const data = Buffer.from(part.data ?? '');
    const packed = part.isStored ? data : deflateRawSync(data);
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt16LE(UTF8_NAMES | (part.flags ?? 0), 2);
    fields.writeUInt16LE(part.method ?? (part.isStored ? 0 : 8), 4);
    fields.writeUInt32LE(part.claimedChecksum ?? crc32(data), 10);
    fields.writeUInt32LE(packed.byteLength, 14);
    fields.writeUInt32LE(part.claimedBytes ?? data.byteLength, 18);
    fields.writeUInt16LE(name.byteLength, 22);

    const shared = part.sharesWith === undefined ? undefined : offsets[part.sharesWith];
    offsets.push(shared ?? offset);
    if (shared === undefined) {
      const local = Buffer.concat([Buffer.from('PK\u0003\u0004'), fields, name, packed]);
      chunks.push(local);
      offset += local.byteLength;
    }
    const place = Buffer.alloc(14);
    place.writeUInt32LE(((part.mode ?? 0) << 16) >>> 0, 6);
    place.writeUInt32LE(offsets.at(-1) ?? 0, 10);
    // "Made by" is Unix.
    directory.push(Buffer.from('PK\u0001\u0002\u0014\u0003'), fields, place, name);
  }
  const listed = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\u0005\u0006');
  end.writeUInt16LE(parts.length, 8);
  end.writeUInt16LE(parts.length, 10);
  end.writeUInt32LE(listed.byteLength, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...chunks, listed, end]);
}

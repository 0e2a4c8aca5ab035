import { crc32, gzipSync } from "node:zlib";

/** One file in an archive; its name may lead anywhere. */
export type Entry = { readonly name: string; readonly content: string };

/** A ZIP archive of one stored file (APPNOTE.TXT 4.3.7, 4.3.12, 4.3.16). */
export function zipOf({ name, content }: Entry): Buffer {
  const [path, bytes] = [Buffer.from(name), Buffer.from(content)];
  const sizes = Buffer.alloc(16);
  sizes.writeUInt32LE(crc32(bytes), 0);
  sizes.writeUInt32LE(bytes.length, 4);
  sizes.writeUInt32LE(bytes.length, 8);
  sizes.writeUInt16LE(path.length, 12);
  const before = Buffer.from([20, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  const local = Buffer.concat([Buffer.from("PK\x03\x04"), before, sizes, path, bytes]);
  const made = Buffer.from([20, 0]);
  const central = Buffer.concat([
    Buffer.from("PK\x01\x02"),
    ...[made, before, sizes, Buffer.alloc(14), path],
  ]);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(local.length, 16);
  return Buffer.concat([local, central, end]);
}

/** A tar archive of one file (POSIX ustar). */
export function tarOf({ name, content }: Entry): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write("0000644\0", 100);
  header.write(`${Buffer.byteLength(content).toString(8).padStart(11, "0")}\0`, 124);
  header.write("00000000000\0", 136);
  header.write("        0", 148);
  header.write("ustar\x0000", 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  const body = Buffer.alloc(512);
  body.write(content);
  return Buffer.concat([header, body, Buffer.alloc(1_024)]);
}

export function tgzOf(entry: Entry): Buffer {
  return gzipSync(tarOf(entry));
}

/**
 * A runner whose model has taken it over: it loads as an honest one, then answers the first inference as it is told.
 * Plain JavaScript of one file: it needs nothing of ours.
 */
export const hostileAnswers = {
  "another id": "send({ ...ok, id: id + 7 }, y)",
  "no id": "send({ ...ok, id: 0 }, y)",
  "something where nothing is": "send(ok, y, 1)",
  "a kind of its own": 'send({ ...ok, kind: "root-shell" }, y)',
  "a length that is no number": "send({ ...ok, tensors: [{ ...tensor, bytes: null }] }, y)",
  "a length beyond the frame": "send({ ...ok, tensors: [{ ...tensor, bytes: 2 ** 40 }] }, y)",
  "dimensions whose product is no whole number":
    "send({ ...ok, tensors: [{ ...tensor, shape: Array(16).fill(2 ** 53 - 1) }] }, y)",
  "ten thousand tensors": "send({ ...ok, tensors: Array(10_000).fill({ name: 1 }) }, y)",
  "another output": 'send({ ...ok, tensors: [{ ...tensor, name: "other" }] }, y)',
  "another element type": 'send({ ...ok, tensors: [{ ...tensor, dtype: "int32" }] }, y)',
  "no outputs": "send({ ...ok, tensors: [] }, Buffer.alloc(0))",
  "a frame of four gigabytes":
    "socket.write(Buffer.from('ffffffff08000000'.padEnd(32, '0'), 'hex'))",
  "bytes without end": "setInterval(() => socket.write(Buffer.alloc(1 << 20, 0xff)), 1)",
  "half a frame and silence":
    "socket.write(Buffer.from('0010000008000000'.padEnd(32, '0'), 'hex'))",
  "other bytes under the same header":
    "send(ok, y); socket.once('data', (next) => send({ ...ok, id: idOf(next) }, Buffer.alloc(16)))",
  "two answers": "send(ok, y); send({ ...ok, id: id + 1 }, y); send({ ...ok, id: 0 }, y)",
} as const;

export function hostileRunner(answer: string): string {
  return `
    const socket = new (require("net").Socket)({ fd: 3, readable: true, writable: true });
    const pad = (n) => Math.ceil(n / 8) * 8;
    const idOf = (frame) => frame.readUInt32LE(8);
    function send({ id, ...header }, body, spare = 0) {
      const text = Buffer.from(JSON.stringify(header));
      const frame = Buffer.alloc(16 + pad(text.length) + pad(body.length), " ");
      frame.writeUInt32LE(frame.length, 0);
      frame.writeUInt32LE(pad(text.length), 4);
      frame.writeUInt32LE(id, 8);
      frame.writeUInt32LE(spare, 12);
      text.copy(frame, 16);
      body.copy(frame, 16 + pad(text.length));
      socket.write(frame);
    }
    const spec = (name, size) => ({ name, dtype: "float32", shape: [-1, size] });
    const tensor = { name: "y", dtype: "float32", shape: [1, 2], bytes: 8 };
    const y = Buffer.from(Float32Array.of(1, 2).buffer);
    socket.on("data", (bytes) => {
      const ask = JSON.parse(bytes.toString("utf8", 16, 16 + bytes.readUInt32LE(4)));
      const id = idOf(bytes);
      const ok = { kind: "answer", id, tensors: [tensor] };
      if (ask.kind === "ping") {
        send({ kind: "pong", id }, Buffer.alloc(0));
      } else if (ask.kind === "load") {
        send({ kind: "loaded", id, inputs: [spec("x", 4)], outputs: [spec("y", 2)] }, Buffer.alloc(0));
      } else if (ask.kind === "start") {
        send({ kind: "started", id, runtime: "onnxruntime-node 1.30.0" }, Buffer.alloc(0));
      } else { ${answer}; }
    });
  `;
}

import { createServer } from "node:http";
import { readOptions } from "./serve-on-request.ts";

/** What HTTP costs whoever serves: `node:http` alone, which reads a request and gives the same answer to all. */
const { folder, outputs } = readOptions();
const head = JSON.stringify({
  model_name: "digits",
  model_version: "1.0.0",
  outputs: [
    {
      name: "y",
      datatype: "FP32",
      shape: [1, outputs],
      parameters: { binary_data_size: 4 * outputs },
    },
  ],
});
const body = Buffer.concat([Buffer.from(head), Buffer.alloc(4 * outputs)]);
const headers = {
  "content-type": "application/octet-stream",
  "inference-header-content-length": String(head.length),
  "content-length": String(body.length),
};
const server = createServer((request, response) => {
  request.resume().once("end", () => response.writeHead(200, headers).end(body));
});
const socketPath = `${folder}/${process.pid}.sock`;
server.listen(socketPath, () => process.send?.({ socketPath, tcpPort: 0 }));
process.on("message", () => process.send?.("served"));
process.on("disconnect", () => {
  server.close();
  server.closeAllConnections();
});

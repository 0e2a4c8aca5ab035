import type { Plugin } from "esbuild";

/**
 * Base64 by Node for the library of protocol buffers. What it has of its own, for browsers, reads one character after the
 * other: of the descriptor it reads while it is loaded so many that V8 starts its last compiler for that alone (5 MB).
 */
export const nativeBase64: Plugin = {
  name: "native-base64",
  setup: (build) => {
    build.onLoad({ filter: /@bufbuild\/protobuf\/.*\/base64-encoding\.js$/ }, () => ({
      contents: decodeAndEncode,
      loader: "js",
    }));
  },
};

const decodeAndEncode = `
export const base64Decode = (text) => new Uint8Array(Buffer.from(text, "base64"));
export const base64Encode = (bytes, form = "std") => {
  const { buffer, byteOffset, byteLength } = bytes;
  const text = Buffer.from(buffer, byteOffset, byteLength);
  if (form === "url") return text.toString("base64url");
  const padded = text.toString("base64");
  return form === "std" ? padded : padded.replace(/=+$/, "");
};
`;

/** A kind of device a package is made for. */
export interface Platform {
  readonly id: string;
  /** As Node names it. */
  readonly arch: "x64" | "arm64" | "arm";
  /** Whether ONNX Runtime has a native build for it; else it has the WebAssembly one alone. */
  readonly isNative: boolean;
}

export const platforms: readonly Platform[] = [
  { id: "linux-arm64", arch: "arm64", isNative: true },
  { id: "linux-x64", arch: "x64", isNative: true },
  { id: "linux-armv7", arch: "arm", isNative: false },
];

/** Packages whose files are found at run time, by name and not by an import that can be followed. */
export function assetsOf({ arch, isNative }: Platform): readonly string[] {
  const native = [
    `onnxruntime-node/bin/napi-v6/linux/${arch}/onnxruntime_binding.node`,
    `onnxruntime-node/bin/napi-v6/linux/${arch}/libonnxruntime.so.1`,
  ];
  return [...(isNative ? native : []), ...webAssembly];
}

const webAssembly = [
  "onnxruntime-web/dist/ort-wasm-simd-threaded.wasm",
  "onnxruntime-web/dist/ort-wasm-simd-threaded.mjs",
  "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm",
  "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm",
];

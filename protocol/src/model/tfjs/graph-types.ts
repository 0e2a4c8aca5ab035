/** TensorFlow.js has fewer types than TensorFlow, and reads the others as these. Loaded by runners too: it imports nothing. */
export const graphTypes = {
  DT_FLOAT: "float32",
  DT_HALF: "float32",
  DT_DOUBLE: "float32",
  DT_INT32: "int32",
  DT_INT64: "int32",
  DT_INT8: "int32",
  DT_UINT8: "int32",
  DT_BOOL: "bool",
  DT_STRING: "string",
} as const;

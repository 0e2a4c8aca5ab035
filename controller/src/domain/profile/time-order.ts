/** Indices of rows in the order of their times; rows of one time keep their order. @param timesMs shape [rows] */
export function timeOrder(timesMs: Float64Array): Uint32Array {
  const order = Uint32Array.from(timesMs, (_, row) => row);
  return order.sort((left, right) => (timesMs[left] ?? 0) - (timesMs[right] ?? 0) || left - right);
}

/** Rows in another order. @param rows shape [rows] */
export function inOrder(rows: Uint8Array, order: Uint32Array): Uint8Array {
  return Uint8Array.from(order, (row) => rows[row] ?? 0);
}

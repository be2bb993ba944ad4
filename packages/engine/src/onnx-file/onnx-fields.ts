/** Field numbers of onnx.proto, as far as they are read. */
export const MODEL = { graph: 7 } as const;
export const GRAPH = { node: 1, initializer: 5, input: 11 } as const;
export const NODE = { input: 1, output: 2, operator: 4, attribute: 5 } as const;
export const ATTRIBUTE = { name: 1, integer: 3, tensor: 5 } as const;
export const VALUE = { name: 1, type: 2 } as const;
export const TYPE = { tensor: 1, element: 1 } as const;
export const TENSOR = { dims: 1, type: 2, int32s: 5, int64s: 7, name: 8, bytes: 9 } as const;

/** Larger parts are weights and tables; of those only the start is read, where their sizes are. */
export const PART_BYTES_MAX = 2 ** 14;

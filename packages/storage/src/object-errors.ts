/** A key that no object can have. */
export class ObjectKeyError extends Error {
  override readonly name = 'ObjectKeyError';
}

/** A body that exceeded the bound of its put. */
export class ObjectTooLargeError extends Error {
  override readonly name = 'ObjectTooLargeError';
  readonly bytesMax: number;

  constructor(bytesMax: number) {
    super(`The object is larger than ${bytesMax} bytes.`);
    this.bytesMax = bytesMax;
  }
}

/** A range that begins after the object's end. */
export class ObjectRangeError extends Error {
  override readonly name = 'ObjectRangeError';
  readonly sizeBytes: number;

  constructor(sizeBytes: number) {
    super(`The range begins after the end of the object, which has ${sizeBytes} bytes.`);
    this.sizeBytes = sizeBytes;
  }
}

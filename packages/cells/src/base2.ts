/**
 * The exponential bucket layout of OpenTelemetry (data model, "ExponentialHistogram"): at scale s, bucket i holds the values
 * in (2^(i·2^-s), 2^((i+1)·2^-s)].
 */

const float = new Float64Array(1);
const words = new Uint32Array(float.buffer);
/** Which of the two words has sign and exponent depends on the byte order of the machine. */
const [LOW, HIGH] = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? [0, 1] : [1, 0];

const SMALLEST_NORMAL = 2 ** -1022;
const SMALLEST_NORMAL_EXPONENT = -1022;

/** The index of the bucket at `scale` (-10 to 20) that holds `value`, a positive finite number. Allocates nothing. */
export function bucketIndex(value: number, scale: number): number {
  // Subnormal numbers share the bucket below the smallest normal one.
  const normal = Math.max(value, SMALLEST_NORMAL);
  float[0] = normal;
  const exponent = ((words[HIGH]! >>> 20) & 0x7ff) - 1023;
  const isPowerOfTwo = words[LOW] === 0 && (words[HIGH]! & 0xfffff) === 0;
  if (scale <= 0) return (isPowerOfTwo ? exponent - 1 : exponent) >> -scale;
  // Bounds are inclusive above: a power of two is exact there, and a logarithm need not be.
  if (isPowerOfTwo) return (exponent << scale) - 1;
  const index = Math.floor(Math.log(normal) * Math.LOG2E * 2 ** scale);
  const least = SMALLEST_NORMAL_EXPONENT << scale;
  const most = (1024 << scale) - 1;
  return Math.min(Math.max(index, least), most);
}

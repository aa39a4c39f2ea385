// Twin of assembly/f16.ts, by the definition of the format: value = fraction * 2^exponent, nearest even by comparing.

export function widen(half: number): number {
  const sign = half & 0x8000 ? -1 : 1
  const exponent = (half >> 10) & 31
  const fraction = half & 1023
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25)
}

export function narrow(x: number): number {
  if (Number.isNaN(x)) return (Object.is(signOf(x), -1) ? 0x8000 : 0) | 0x7e00
  const sign = Object.is(Math.abs(x), x) ? 0 : 0x8000
  const size = Math.abs(x)
  if (size >= 65520) return sign | 0x7c00
  const exponent = Math.max(-14, Math.floor(Math.log2(size)))
  const unit = 2 ** (exponent - 10)
  const whole = Math.floor(size / unit)
  const rest = size / unit - whole
  const rounded = whole + (rest > 0.5 || (rest === 0.5 && whole % 2 === 1) ? 1 : 0)
  return sign | (rounded + (exponent + 14) * 1024)
}

function signOf(x: number): number {
  return new DataView(Float32Array.of(x).buffer).getUint32(0, true) >>> 31 === 1 ? -1 : 1
}

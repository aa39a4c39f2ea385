// The committed case that the tests of the command line run on: a small random SAIL, an image, and PyTorch's dump.
import { root } from '../support/golden.ts'

export const cases = `${root}golden/cases/`
export const model = `${cases}models/tiny-a`
export const image = `${cases}images/noise-40x26.png`
export const goldenPath = `${cases}tiny-a-image.f32.safetensors`

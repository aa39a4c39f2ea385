// The way of a picture into the model: file bytes -> RGB -> target size -> resized RGB -> normalised patches, each step
// equal to what upstream's Python computes.
export { type DecodeOptions, decodeImage } from './decode.ts'
export { toPatches } from './patches.ts'
export { type Preprocessed, preprocess } from './preprocess.ts'
export { resizeBilinear } from './resize.ts'
export { MAX_PIXELS, type RgbImage, rgbImage } from './rgb-image.ts'
export { MAX_PATCHES, type TargetSize, targetSize } from './target-size.ts'

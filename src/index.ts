// What every environment gets, whatever it can read. The package's entries are node.ts and browser.ts: they add `Sail`,
// `preprocess`, `inspect` and `loadTokenizer` for what their environment has.
export type * from './api.ts'
export type { BackendName, EngineInfo, LoadProgress, OpTime, PassProfile, Profiler } from './backends/backend.ts'
export type { MaskRule } from './config/mask-rule.ts'
export type { Dims, ModelConfig } from './config/model-config.ts'
export { SailError, type SailErrorDetail } from './errors.ts'
export type { FormatPlan, Inspection } from './facade/inspect.ts'
export type { PreprocessOptions } from './facade/preprocess.ts'
export { type TargetSize, targetSize } from './image/target-size.ts'
export type { CallOptions } from './sail.ts'
export type { F32Tensor, F64Tensor, I64Tensor, Tensor, TensorDtype, TensorOf, U8Tensor } from './tensor.ts'
export { type DecodeOptions, type EncodeOptions, Tokenizer } from './tokenizer/tokenizer.ts'
export type { InspectedTensor } from './weights/inspect.ts'

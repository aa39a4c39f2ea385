// A WebGPU adapter for tests: SwiftShader, the software Vulkan that Debian's chromium brings, with the loader beside it.
// As a global set-up it runs before the workers start, since a loader is only found by a process that begins with its path.
// SAIL_TEST_GPU=own leaves the machine's own adapter in place. Without any the tests are skipped with the reason; CI=true fails.
import { existsSync } from 'node:fs'
import { findChromium } from './chromium.ts'

const folder = '/usr/lib/chromium'
const driver = `${folder}/vk_swiftshader_icd.json`

export function setup(): void {
  if (process.env.SAIL_TEST_GPU === 'own') return
  const chromium = findChromium()
  const missing = [driver, `${folder}/libvulkan.so.1`].filter((file) => !existsSync(file))
  if (missing.length === 0) {
    process.env.VK_ICD_FILENAMES = driver
    process.env.LD_LIBRARY_PATH = [folder, process.env.LD_LIBRARY_PATH].filter(Boolean).join(':')
    return
  }
  const why = 'reason' in chromium ? chromium.reason : `${missing.join(', ')} missing: it comes with Debian's chromium`
  process.env.SAIL_TEST_NO_GPU = why
  if (process.env.CI === 'true') throw new Error(`CI needs a WebGPU adapter: ${why}`)
}

/** Why there is no adapter here; '' when there is one. */
export const noGpu = process.env.SAIL_TEST_NO_GPU ?? ''

/** What a skipped suite adds to its name. */
export const skipped = noGpu === '' ? '' : ` (skipped: ${noGpu})`

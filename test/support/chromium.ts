// A Chromium for the browser tests: CHROME_PATH, else an installed one, else (Debian, as root) the package `chromium`.
// Where none can be had the tests are skipped with the reason; with CI=true a missing browser is a failure.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

const usual = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
]

/** Path of the browser, or the reason why there is none. */
export function findChromium(): { path: string } | { reason: string } {
  const wanted = process.env.CHROME_PATH
  if (wanted !== undefined)
    return existsSync(wanted) ? { path: wanted } : { reason: `CHROME_PATH ${wanted} does not exist` }
  const installed = usual.find((path) => existsSync(path))
  if (installed !== undefined) return { path: installed }
  if (!existsSync('/etc/debian_version') || process.getuid?.() !== 0) {
    return { reason: 'no Chromium found: install one, or name it in CHROME_PATH' }
  }
  console.log('installing the Debian package chromium ...')
  for (const args of [
    ['update', '-qq'],
    ['install', '-y', '-qq', 'chromium'],
  ]) {
    const { status } = spawnSync('apt-get', args, {
      stdio: 'inherit',
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    })
    if (status !== 0) return { reason: `apt-get ${args.join(' ')} failed` }
  }
  return { path: '/usr/bin/chromium' }
}

/** Flags for a container without a display, a GPU or a network. */
export const chromiumFlags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** The same with WebGPU on SwiftShader. */
export const webgpuFlags = [
  ...chromiumFlags.filter((flag) => flag !== '--disable-gpu'),
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--enable-unsafe-swiftshader',
]

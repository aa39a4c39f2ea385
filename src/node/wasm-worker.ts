// A worker thread of the wasm backend's team.
import { parentPort } from 'node:worker_threads'
import { serve } from '../backends/wasm/team/serve.ts'

const take = serve({ post: (message, transfer = []) => parentPort?.postMessage(message, transfer) })
parentPort?.on('message', take)

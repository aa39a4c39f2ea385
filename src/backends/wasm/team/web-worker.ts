// A Web Worker of the team.
import { serve } from './serve.ts'

const take = serve({ post: (message, transfer = []) => self.postMessage(message, { transfer }) }, null)
self.addEventListener('message', ({ data }) => take(data))

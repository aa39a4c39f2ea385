// What a process holds on its GPUs through the package `webgpu`, counted at the package's own classes:
//   buffers, bytes, querySets   made and not yet destroyed: they hold memory of the device until someone says so
//   groups, kernels, commands   bind groups, pipelines and command buffers, made and not yet collected: nothing destroys them
// Call it before the first device is opened; a collection that is to be seen needs a turn of the event loop behind it.
import { globals } from 'webgpu'

/** Starts counting. The function it returns gives the counts of now. */
export function countGpuObjects() {
  const live = { buffers: 0, bytes: 0, querySets: 0, groups: 0, kernels: 0, commands: 0 }
  const { GPUDevice, GPUBuffer, GPUQuerySet, GPUCommandEncoder } = globals
  const collected = new FinalizationRegistry((kind) => live[kind]--)
  const destroyed = new WeakSet()

  const watch = ({ prototype }, method, seen) => {
    const original = prototype[method]
    prototype[method] = function (...args) {
      const result = original.apply(this, args)
      seen(result, this)
      return result
    }
  }
  const ending = (kind, bytes) => (_, object) => {
    if (destroyed.has(object)) return
    destroyed.add(object)
    live[kind]--
    live.bytes -= bytes(object)
  }
  const counted = (kind) => (object) => {
    live[kind]++
    collected.register(object, kind)
  }
  watch(GPUDevice, 'createBuffer', ({ size }) => {
    live.buffers++
    live.bytes += size
  })
  watch(
    GPUBuffer,
    'destroy',
    ending('buffers', ({ size }) => size),
  )
  watch(GPUDevice, 'createQuerySet', () => live.querySets++)
  watch(
    GPUQuerySet,
    'destroy',
    ending('querySets', () => 0),
  )
  watch(GPUDevice, 'createBindGroup', counted('groups'))
  watch(GPUDevice, 'createComputePipelineAsync', (made) => made.then(counted('kernels'), () => {}))
  watch(GPUCommandEncoder, 'finish', counted('commands'))
  return () => ({ ...live })
}

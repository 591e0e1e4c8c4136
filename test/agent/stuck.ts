import type { Device, InterfaceName } from '../../src/wireguard/device.ts'
import { MemoryDriver } from '../../src/wireguard/memory.ts'

/** Interfaces in memory of which some cannot be taken away for a while, or not be read. */
export class StuckDriver extends MemoryDriver {
  readonly busy = new Set<InterfaceName>()
  tries = 0
  /** So many times one is made or found, and cannot be read. */
  failingOpens = 0
  onFailure: () => void = () => undefined

  override async open(name: InterfaceName): Promise<Device> {
    const device = await super.open(name)
    if (this.failingOpens === 0) return device
    this.failingOpens -= 1
    this.onFailure()
    throw new Error('Device or resource busy')
  }

  override async remove(name: InterfaceName): Promise<void> {
    this.tries += 1
    if (this.busy.has(name)) throw new Error('Device or resource busy')
    return super.remove(name)
  }
}

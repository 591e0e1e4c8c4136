import type { Device, InterfaceName } from '../../src/wireguard/device.ts'
import { MemoryDriver } from '../../src/wireguard/memory.ts'

/** Interfaces in memory of which some cannot be taken away for a while, or not be made or found. */
export class StuckDriver extends MemoryDriver {
  readonly busy = new Set<InterfaceName>()
  tries = 0
  /** So many times nothing can be opened. */
  failingOpens = 0

  override async open(name: InterfaceName): Promise<Device> {
    if (this.failingOpens === 0) return super.open(name)
    this.failingOpens -= 1
    throw new Error('Device or resource busy')
  }

  override async remove(name: InterfaceName): Promise<void> {
    this.tries += 1
    if (this.busy.has(name)) throw new Error('Device or resource busy')
    return super.remove(name)
  }
}

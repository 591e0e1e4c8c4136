import type { InterfaceName } from '../../src/wireguard/device.ts'
import { MemoryDriver } from '../../src/wireguard/memory.ts'

/** Interfaces in memory of which some cannot be taken away for a while. */
export class StuckDriver extends MemoryDriver {
  readonly busy = new Set<InterfaceName>()
  tries = 0

  override async remove(name: InterfaceName): Promise<void> {
    this.tries += 1
    if (this.busy.has(name)) throw new Error('Device or resource busy')
    return super.remove(name)
  }
}

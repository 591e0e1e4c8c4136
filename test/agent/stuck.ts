import type { Device, InterfaceName, Step } from '../../src/wireguard/device.ts'
import { MemoryDriver } from '../../src/wireguard/memory.ts'

/** Interfaces in memory of which some cannot be taken away for a while, or not be read, or not be changed. */
export class StuckDriver extends MemoryDriver {
  readonly busy = new Set<InterfaceName>()
  tries = 0
  /** So many times one is made or found, and cannot be read. */
  failingOpens = 0
  onFailure: () => void = () => undefined
  /** Changes that were begun. */
  changes = 0
  /** They wait for this. */
  changing: Promise<unknown> = Promise.resolve()

  override async open(name: InterfaceName): Promise<Device> {
    const device = await super.open(name)
    if (this.failingOpens === 0) return { ...device, apply: (steps) => this.#change(device, steps) }
    this.failingOpens -= 1
    this.onFailure()
    throw new Error('Device or resource busy')
  }

  override async remove(name: InterfaceName): Promise<void> {
    this.tries += 1
    if (this.busy.has(name)) throw new Error('Device or resource busy')
    return super.remove(name)
  }

  async #change(device: Device, steps: readonly Step[]): Promise<void> {
    this.changes += 1
    await this.changing
    return device.apply(steps)
  }
}

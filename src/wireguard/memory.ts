import { WeftError } from '../errors.ts'
import type { Device, DeviceDriver, InterfaceName, ObservedDevice } from './device.ts'
import { SimulatedInterface } from './simulated.ts'

export interface MemoryOptions {
  /** Interfaces that are there from the beginning. */
  readonly devices?: ReadonlyMap<InterfaceName, ObservedDevice>
  /** UDP ports that another program uses; the set is looked at each time a port is bound. */
  readonly takenPorts?: ReadonlySet<number>
  /** Counts the steps of all interfaces from 0: this one fails and is not taken; tried again, it works. */
  readonly failingStep?: number
}

/** Interfaces that exist in this object only, and behave as those of the tools do: for tests and simulation. */
export class MemoryDriver implements DeviceDriver {
  readonly kind = 'memory'
  readonly #interfaces = new Map<InterfaceName, SimulatedInterface>()
  readonly #options: MemoryOptions
  #steps = 0

  constructor(options: MemoryOptions = {}) {
    this.#options = options
    for (const [name, device] of options.devices ?? []) {
      this.#interfaces.set(name, new SimulatedInterface(device, options.takenPorts))
    }
  }

  async open(name: InterfaceName): Promise<Device> {
    if (!this.#interfaces.has(name)) {
      this.#interfaces.set(name, new SimulatedInterface(NEW_INTERFACE, this.#options.takenPorts))
    }
    return {
      name,
      observe: async () => this.#find(name).observe(),
      observePeers: async () => this.#find(name).observe().peers,
      apply: async (steps) => {
        const found = this.#find(name)
        for (const step of steps) {
          this.#countStep()
          found.take(step)
        }
      },
    }
  }

  async list(prefix: string): Promise<readonly InterfaceName[]> {
    return [...this.#interfaces.keys()].filter((name) => name.startsWith(prefix)).sort()
  }

  async remove(name: InterfaceName): Promise<void> {
    this.#interfaces.delete(name)
  }

  #find(name: InterfaceName): SimulatedInterface {
    const found = this.#interfaces.get(name)
    if (!found) throw new WeftError('not-found', `The interface ${name} does not exist.`)
    return found
  }

  #countStep(): void {
    this.#steps += 1
    if (this.#steps - 1 !== this.#options.failingStep) return
    throw new WeftError('program-failed', 'This step was told to fail.')
  }
}

/** As wireguard-go makes them. */
const NEW_INTERFACE: ObservedDevice = Object.freeze({
  publicKey: undefined,
  listenPort: 0,
  mtu: 1420,
  alias: '',
  up: false,
  addresses: [],
  routes: new Map(),
  peers: new Map(),
})

import type { Home } from '../../src/agent/home.ts'
import type { Clock } from '../../src/clock.ts'
import type { Device, DeviceDriver } from '../../src/wireguard/device.ts'

/** A process that can die in this one: whatever is on its way in it then touches nothing any more. */
export class Life {
  #isOver = false

  end(): void {
    this.#isOver = true
  }

  clock(clock: Clock): Clock {
    return {
      now: () => clock.now(),
      monotonic: () => clock.monotonic(),
      after: (delay, action) => clock.after(delay, () => this.#isOver || action()),
    }
  }

  driver(driver: DeviceDriver): DeviceDriver {
    return {
      kind: driver.kind,
      open: (name) => this.#lived(async () => this.#device(await driver.open(name))),
      list: (prefix) => this.#lived(() => driver.list(prefix)),
      remove: (name) => this.#lived(() => driver.remove(name)),
    }
  }

  home(home: Home): Home {
    return {
      ...home,
      rewrite: (network, lines) => this.#lived(() => home.rewrite(network, lines)),
      append: (network, line) => this.#lived(() => home.append(network, line)),
      forget: (network) => this.#lived(() => home.forget(network)),
    }
  }

  #device(device: Device): Device {
    return {
      name: device.name,
      observe: () => this.#lived(() => device.observe()),
      observePeers: () => this.#lived(() => device.observePeers()),
      apply: (steps) => this.#lived(() => device.apply(steps)),
    }
  }

  #lived<Value>(act: () => Promise<Value>): Promise<Value> {
    return this.#isOver ? new Promise(() => undefined) : act()
  }
}

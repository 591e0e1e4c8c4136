import type { Logger } from 'pino'
import type { Clock } from '../clock.ts'
import { toWeftError, type WeftError } from '../errors.ts'
import type { Identity } from '../keys/identity.ts'
import type { DeviceDriver } from '../wireguard/device.ts'
import { interfaceName } from '../wireguard/name.ts'
import { Departures } from './departures.ts'
import type { Home } from './home.ts'
import { readKept } from './kept.ts'
import { removeInterface } from './leftovers.ts'

export interface RemainsTools {
  readonly home: Home
  readonly identity: Identity
  readonly driver: () => Promise<DeviceDriver>
  readonly clock: Clock
  readonly log: Logger
}

/**
 * Takes away what an earlier run could not, which then left its controller: nobody else would come back to it. What cannot
 * be taken away now either is told in the log, and stays for the next start.
 */
export async function clearRemains({ home, identity, driver, clock, log }: RemainsTools): Promise<void> {
  const left = [...(await home.journals())].filter(([, lines]) => isLeft(lines))
  if (left.length === 0) return
  const departures = new Departures({ clock, log })
  // Nothing else runs yet, and the waits between tries keep no process alive.
  const alive = setInterval(() => undefined, 60_000)
  try {
    const device = await driver()
    for (const [network] of left) {
      const remove = async () => {
        await removeInterface(device, interfaceName(identity.id, network))
        await home.forget(network)
      }
      await departures.begin({ network, listenPort: 0, end: () => undefined, remove })
    }
    await departures.finish()
  } catch (error) {
    const { code, message } = toWeftError(error)
    log.error(
      { code, reason: message },
      'not all of the networks that this node has left could be taken away',
    )
  } finally {
    clearInterval(alive)
  }
}

/** A journal that cannot be read says nothing. */
function isLeft(lines: readonly string[] | WeftError): boolean {
  try {
    return readKept(lines).kind === 'left'
  } catch {
    return false
  }
}

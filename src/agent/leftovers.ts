import { WeftError } from '../errors.ts'
import type { DeviceDriver, InterfaceName } from '../wireguard/device.ts'
import { removeFilter } from '../wireguard/filter.ts'
import { removeFirewall } from '../wireguard/firewall.ts'
import { everyStep } from './every-step.ts'

/** Takes away an interface of an earlier life of this agent, and what that may have put up beside it. */
export function removeInterface(driver: DeviceDriver, name: InterfaceName): Promise<void> {
  return everyStep(
    () => removeLeftovers(driver, name),
    () => driver.remove(name),
  )
}

/** The UDP port that an interface of an earlier life holds; 0 where there is none, or it does not say. */
export async function portOf(driver: DeviceDriver, name: InterfaceName): Promise<number> {
  try {
    if (!(await driver.list(name)).includes(name)) return 0
    const device = await driver.open(name)
    return (await device.observe()).listenPort
  } catch {
    return 0
  }
}

/** Takes away what an earlier life of this agent may have put up beside an interface. */
async function removeLeftovers({ kind }: DeviceDriver, name: InterfaceName): Promise<void> {
  if (kind === 'memory') return
  await everyStep(
    () => whereThereIsNft(removeFilter(name)),
    () => whereThereIsNft(removeFirewall(name)),
  )
}

/** Where there is no nft there is nothing of it either. */
async function whereThereIsNft(work: Promise<void>): Promise<void> {
  try {
    await work
  } catch (error) {
    if (!(error instanceof WeftError && error.code === 'unsupported')) throw error
  }
}

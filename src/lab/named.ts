import { WeftError } from '../errors.ts'
import { captive, cone, doubleNat, roaming, sameLan, symmetric } from './homes.ts'
import { flat, type Scenario } from './topology.ts'
import { dualStack, mtu, sites } from './wider.ts'

const FLAT_NODES = 4

/** All labs that have a name; the flat one with four nodes. */
export const SCENARIOS: readonly Scenario[] = Object.freeze([
  flat(FLAT_NODES),
  cone(),
  symmetric(),
  doubleNat(),
  dualStack(),
  roaming(),
  sameLan(),
  mtu(),
  captive(),
  sites(),
])

/** The lab of this name. Throws `not-found`, with the names that there are. */
export function scenarioNamed(name: string): Scenario {
  const found = SCENARIOS.find((scenario) => scenario.name === name)
  if (found) return found
  throw new WeftError('not-found', `There is no lab "${name}".`, {
    field: 'lab',
    advice: `Labs are: ${SCENARIOS.map((scenario) => scenario.name).join(', ')}.`,
  })
}

import { type Cidr, parseCidr } from '../../address/cidr.ts'
import {
  assertNoOverlap,
  nextFreeRange,
  ulaRange,
  validateNetworkRange,
  validateNetworkRangeIpv6,
} from '../../address/pool.ts'
import { inField, WeftError } from '../../errors.ts'
import {
  DEFAULT_PROJECT,
  ID_BYTES,
  isName,
  type NetworkId,
  type ProjectId,
  toNetworkId,
} from '../../model/names.ts'
import type { KeyCustody, Network, State, Topology } from '../../model/state.ts'
import type { Decision, Tools } from '../tools.ts'
import { TRANSIT_NAME } from './names.ts'

export interface NetworkInput {
  /** Who owns it; the default project when absent. */
  readonly project?: ProjectId
  /** Chosen before; a random one when absent. */
  readonly id?: NetworkId
  readonly name: string
  /** CIDR; the next free /16 of the pool when absent. */
  readonly ipv4?: string
  /** ULA /48; a random one (RFC 4193) when absent. */
  readonly ipv6?: string
  /** Prefix length of each member's IPv4 subnet; 24 when absent. */
  readonly nodePrefixLength?: number
  readonly topology?: Topology
  readonly keyCustody?: KeyCustody
}

const DEFAULT_NODE_PREFIX_LENGTH = 24

/** Decides a new network. Throws `already-exists`, `range-overlap`, `range-exhausted` or `invalid-input`. */
export function createNetwork(state: State, tools: Tools, input: NetworkInput): Decision<NetworkId> {
  const project = input.project ?? DEFAULT_PROJECT
  assertNameIsFree(state, project, input.name)
  const taken = networksSeenBy(state, project)
  const nodePrefixLength = input.nodePrefixLength ?? DEFAULT_NODE_PREFIX_LENGTH
  const ipv4 = chooseIpv4(taken, tools, input.ipv4)
  validateNetworkRange(ipv4, nodePrefixLength)
  const ipv6 = chooseIpv6(taken, tools, input.ipv6)
  const id = input.id ?? toNetworkId(tools.random(ID_BYTES))
  const { topology = 'mesh', keyCustody = 'controller' } = input
  const network = { id, project, name: input.name, ipv4, ipv6, nodePrefixLength, topology, keyCustody }
  return { events: [{ type: 'network-created', at: tools.now, ...network }], result: id }
}

/** Decides the end of a network with all its members. */
export function deleteNetwork(state: State, id: NetworkId): Decision<void> {
  assertNotSystem(state, id)
  return { events: [{ type: 'network-deleted', id }], result: undefined }
}

/** Throws `forbidden` for the transit, which follows from roles and nodes. */
export function assertNotSystem(state: State, id: NetworkId): void {
  if (state.transit !== id) return
  throw new WeftError('forbidden', 'The transit is kept by the controller itself.', {
    field: 'network',
    advice: "Every node is a member; 'weft node roles' says which nodes are relays.",
  })
}

function assertNameIsFree(state: State, project: ProjectId, name: string): void {
  if (!isName(name) || name === TRANSIT_NAME) {
    throw new WeftError('invalid-input', 'The name cannot be used for a network.', {
      field: 'name',
      advice: 'Use 1 to 63 lower-case letters, digits and inner hyphens, unlike an id.',
    })
  }
  if (!state.networksByName.get(project)?.has(name)) return
  throw new WeftError('already-exists', `A network '${name}' exists.`, {
    field: 'name',
    advice: 'Choose another name, or use the network that is there.',
  })
}

/** Only these must not overlap: what others have is none of the project's business, and no node of it is in there. */
function networksSeenBy(state: State, project: ProjectId): Network[] {
  const own = state.networksByName.get(project)?.values() ?? []
  const shared = state.sharedNetworks.get(project)?.keys() ?? []
  return [...own, ...shared].flatMap((id) => state.networks.get(id) ?? [])
}

function chooseIpv4(networks: readonly Network[], tools: Tools, given: string | undefined): Cidr {
  const taken = networks.map(({ ipv4 }) => ipv4)
  if (given !== undefined) {
    const range = inField('ipv4', () => parseCidr(given, 4))
    assertNoOverlap(range, taken)
    return range
  }
  const pool = inField('ipv4Pool', () => tools.settings.ipv4Pool.map((range) => parseCidr(range, 4)))
  const free = nextFreeRange(pool, taken)
  if (free) return free
  throw new WeftError('range-exhausted', `No /16 of the pool ${pool.join(', ')} is free.`, {
    field: 'ipv4',
    advice:
      'Give a range of your own with ipv4, delete a network, or enlarge ipv4Pool in the controller settings.',
  })
}

function chooseIpv6(networks: readonly Network[], tools: Tools, given: string | undefined): Cidr {
  if (given === undefined) return ulaRange(tools.random)
  const range = inField('ipv6', () => parseCidr(given, 6))
  validateNetworkRangeIpv6(range)
  assertNoOverlap(
    range,
    networks.map(({ ipv6 }) => ipv6),
  )
  return range
}

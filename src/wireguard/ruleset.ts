import { type Address, familyOf } from '../address/cidr.ts'
import type { Family } from '../address/number.ts'
import { WeftError } from '../errors.ts'
import type { InterfaceName } from './device.ts'
import { INTERFACE_PREFIX, parseInterfaceName } from './name.ts'

/** What may come in by an interface. What this machine itself sends is not limited. */
export interface Gate {
  readonly interface: InterfaceName
  /** Whether packets of one peer may go on to another, as on a relay and a hub. From and to all other interfaces: never. */
  readonly forward: boolean
  /** What may reach this machine itself: anything, or only UDP to these of its own addresses and ports. */
  readonly input: 'open' | Doors
  /**
   * Whether to drop all forwarded IPv6 but that between interfaces of ours, so that a machine that was no router before
   * does not become one. Interfaces of ours without a gate are then not kept from each other.
   */
  readonly guard: boolean
}

export interface Doors {
  readonly addresses: readonly Address[]
  readonly udpPorts: readonly number[]
}

/** Every interface has a table of its own: of several agents on a machine none touches what another has. */
export function tableOf(name: InterfaceName): string {
  if (parseInterfaceName(name)) return `inet weft_${name}`
  throw unusable(name)
}

/**
 * What `nft -f` takes to put the table of a gate in place of the one that is there, or of none, in one transaction: no
 * packet meets half of it. Throws `invalid-input` for a value that nft could take for more than a value.
 */
export function ruleset(gate: Gate): string {
  const table = tableOf(gate.interface)
  return [
    `table ${table}`,
    `delete table ${table}`,
    `table ${table} {`,
    ...chain('forward', forwardRules(gate)),
    ...chain('input', inputRules(gate)),
    '}',
    '',
  ].join('\n')
}

/** A chain that drops only what it says: for all other packets, the rules of others decide as if it were not there. */
function chain(hook: 'forward' | 'input', rules: readonly string[]): string[] {
  const lines = [`type filter hook ${hook} priority filter; policy accept;`, ...rules]
  return [`  chain ${hook} {`, ...lines.map((line) => `    ${line}`), '  }']
}

function forwardRules({ interface: name, forward, guard }: Gate): string[] {
  return [
    ...(forward ? [`iifname "${name}" oifname "${name}" accept`] : []),
    `iifname "${name}" drop`,
    `oifname "${name}" drop`,
    ...(guard ? ['iifname', 'oifname'].map((side) => `meta nfproto ipv6 ${side} != ${OURS} drop`) : []),
  ]
}

const OURS = `"${INTERFACE_PREFIX}*"`

function inputRules({ interface: name, input }: Gate): string[] {
  if (input === 'open') return []
  return [`iifname != "${name}" accept`, ...doorRules(4, input), ...doorRules(6, input), 'drop']
}

function doorRules(family: Family, { addresses, udpPorts }: Doors): string[] {
  const own = addresses.filter((address) => familyOf(address) === family).map(plain)
  if (own.length === 0 || udpPorts.length === 0) return []
  const { header, laterFragment, errors } = WORDS[family]
  const passing = [`udp dport ${setOf(udpPorts.map(port))}`, laterFragment, errors]
  return passing.map((what) => `${header} daddr ${setOf(own)} ${what} accept`)
}

/**
 * Of a datagram in fragments only the first has a port, and the others are of no use without it. Errors tell a sender
 * that a packet was too big. Neighbour discovery is not among them: a WireGuard interface has no neighbours to ask for.
 */
const WORDS = Object.freeze({
  4: {
    header: 'ip',
    laterFragment: 'ip frag-off & 0x1fff != 0',
    errors: 'icmp type { destination-unreachable, time-exceeded, parameter-problem }',
  },
  6: {
    header: 'ip6',
    laterFragment: 'frag frag-off != 0',
    errors: 'icmpv6 type { destination-unreachable, packet-too-big, time-exceeded, parameter-problem }',
  },
})

function setOf(items: readonly string[]): string {
  return `{ ${items.join(', ')} }`
}

/** Types keep other text away; this is the second lock. */
function plain(address: Address): string {
  if (/^[\da-f.:]+$/.test(address)) return address
  throw unusable(address)
}

function port(number: number): string {
  if (Number.isInteger(number) && number > 0 && number <= PORT_MAX) return String(number)
  throw unusable(number)
}

const PORT_MAX = 65_535

function unusable(value: unknown): WeftError {
  return new WeftError('invalid-input', `${JSON.stringify(value)} cannot be part of a firewall.`)
}

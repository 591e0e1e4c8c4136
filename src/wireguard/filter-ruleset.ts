import type { Cidr } from '../address/cidr.ts'
import { WeftError } from '../errors.ts'
import type { Allowance, Opening } from '../model/policy.ts'
import type { InterfaceName } from './device.ts'
import { parseInterfaceName } from './name.ts'

/** Who may open what through an interface, to this machine and to what is behind it. All others may open nothing. */
export interface PacketFilter {
  readonly interface: InterfaceName
  /** In order of what they may open, each once. */
  readonly sources: readonly Source[]
  /** Flows that were there before the first filter was, and are let in though nothing has seen their beginning. */
  readonly flows: readonly Flow[]
}

export interface Source {
  readonly allow: Allowance
  /** Apart from each other and from those of all other sources. */
  readonly ranges: readonly Cidr[]
}

/** A TCP connection, as this machine sees it. */
export interface Flow {
  readonly from: Cidr
  readonly remotePort: number
  readonly localPort: number
}

/** The discard port (RFC 863), to which agents knock: nobody listens there, and nobody has to. */
export const DISCARD_PORT = 9

/**
 * What becomes of all that may not come in. A knock is answered, as it is where there is no filter: a tunnel that carries
 * one way only is taken for dead long before WireGuard itself would say a word.
 */
const CLOSED = [`udp dport ${DISCARD_PORT} reject`, 'drop']

/** Beside the table of the gate (ruleset.ts), which is there for other reasons and at other times. */
export function filterTableOf(name: InterfaceName): string {
  if (parseInterfaceName(name)) return `inet weft_${name}_policy`
  throw unusable(name)
}

/**
 * What `nft -f` takes to put a filter in place of the one that is there, or of none, in one transaction: no packet meets
 * half of it. Flows that are known to the kernel go on. Packets between peers of the interface are not its business: who
 * gets them filters them.
 */
export function filterRuleset(filter: PacketFilter): string {
  const table = filterTableOf(filter.interface)
  const name = filter.interface
  return [
    `table ${table}`,
    `delete table ${table}`,
    `table ${table} {`,
    ...filter.sources.flatMap(({ allow, ranges }, at) => [...setsFor(ranges, at), ...chainFor(allow, at)]),
    ...flowSets(filter.flows),
    '  chain judge {',
    '    ct state established,related accept',
    ...flowRules(filter.flows),
    ...filter.sources.flatMap((_, at) => [
      `    ip saddr @four_${at} goto allow_${at}`,
      `    ip6 saddr @six_${at} goto allow_${at}`,
    ]),
    ...CLOSED.map((rule) => `    ${rule}`),
    '  }',
    '  chain input {',
    '    type filter hook input priority filter; policy accept;',
    `    iifname "${name}" jump judge`,
    '  }',
    '  chain forward {',
    '    type filter hook forward priority filter; policy accept;',
    `    iifname "${name}" oifname != "${name}" jump judge`,
    '  }',
    '}',
    '',
  ].join('\n')
}

/** What changes only the addresses; undefined where more has changed. An empty text: nothing has. */
export function filterChange(before: PacketFilter, after: PacketFilter): string | undefined {
  if (shapeOf(before) !== shapeOf(after)) return undefined
  const table = filterTableOf(after.interface)
  const lines = after.sources.flatMap(({ ranges }, at) => {
    const [had, has] = [new Set(before.sources[at]?.ranges), new Set(ranges)]
    return [
      ...elements(
        `delete element ${table}`,
        [...had].filter((range) => !has.has(range)),
        at,
      ),
      ...elements(
        `add element ${table}`,
        [...has].filter((range) => !had.has(range)),
        at,
      ),
    ]
  })
  // An address that moves to another set is out of the first before it is in the other.
  return lines.toSorted((a, b) => Number(a.startsWith('add')) - Number(b.startsWith('add'))).join('\n')
}

function shapeOf({ interface: name, sources, flows }: PacketFilter): string {
  return JSON.stringify([name, sources.map(({ allow }) => allow), flows])
}

function elements(verb: string, ranges: readonly Cidr[], at: number): string[] {
  const [four, six] = split(ranges)
  return [
    ...(four.length > 0 ? [`${verb} four_${at} { ${four.join(', ')} }`] : []),
    ...(six.length > 0 ? [`${verb} six_${at} { ${six.join(', ')} }`] : []),
  ]
}

function setsFor(ranges: readonly Cidr[], at: number): string[] {
  const [four, six] = split(ranges)
  return [
    ...set(`four_${at}`, 'ipv4_addr; flags interval', four),
    ...set(`six_${at}`, 'ipv6_addr; flags interval', six),
  ]
}

function set(name: string, type: string, items: readonly string[]): string[] {
  const list = items.length > 0 ? [`    elements = { ${items.join(', ')} }`] : []
  return [`  set ${name} {`, `    type ${type};`, ...list, '  }']
}

function chainFor(allow: Allowance, at: number): string[] {
  const rules = allow === 'everything' ? ['accept'] : [...allow.map(ruleFor), ...CLOSED]
  return [`  chain allow_${at} {`, ...rules.map((rule) => `    ${rule}`), '  }']
}

function ruleFor({ protocol, ports }: Opening): string {
  if (protocol === 'icmp') return 'meta l4proto { icmp, ipv6-icmp } accept'
  if (ports.length === 0) return `meta l4proto ${protocol} accept`
  const list = ports.map(({ first, last }) => (first === last ? port(first) : `${port(first)}-${port(last)}`))
  return `${protocol} dport { ${list.join(', ')} } accept`
}

/** Only packets that open nothing: a connection of the same ports would have to begin anew. */
function flowRules(flows: readonly Flow[]): string[] {
  return FAMILIES.flatMap(({ flow, header, isOf }) =>
    flows.some(({ from }) => isOf(from))
      ? [`    tcp flags & (syn | ack) != syn ${header} saddr . tcp sport . tcp dport @${flow} accept`]
      : [],
  )
}

function flowSets(flows: readonly Flow[]): string[] {
  return FAMILIES.flatMap(({ flow, type, isOf }) => {
    const own = flows.filter(({ from }) => isOf(from))
    const items = own.map(
      ({ from, remotePort, localPort }) =>
        `${plain(hostOf(from))} . ${port(remotePort)} . ${port(localPort)}`,
    )
    return own.length > 0 ? set(flow, `${type} . inet_service . inet_service`, [...new Set(items)]) : []
  })
}

const FAMILIES = [
  { flow: 'flows_four', header: 'ip', type: 'ipv4_addr', isOf: (cidr: Cidr) => !isSix(cidr) },
  { flow: 'flows_six', header: 'ip6', type: 'ipv6_addr', isOf: (cidr: Cidr) => isSix(cidr) },
]

function split(ranges: readonly Cidr[]): readonly [string[], string[]] {
  const texts = ranges.map(plain)
  return [texts.filter((text) => !isSix(text)), texts.filter(isSix)]
}

function isSix(text: string): boolean {
  return text.includes(':')
}

function hostOf(cidr: Cidr): string {
  return cidr.split('/')[0] ?? cidr
}

/** Types keep other text away; this is the second lock. */
function plain(range: string): string {
  if (/^[\da-f.:]+(\/\d{1,3})?$/.test(range)) return range
  throw unusable(range)
}

const PORT_MAX = 65_535

function port(number: number): string {
  if (Number.isInteger(number) && number >= 0 && number <= PORT_MAX) return String(number)
  throw unusable(number)
}

function unusable(value: unknown): WeftError {
  return new WeftError('invalid-input', `${JSON.stringify(value)} cannot be part of a filter.`)
}

/** What a rule may limit a flow to; `icmp` is that of IPv4 and of IPv6. */
export type Protocol = 'tcp' | 'udp' | 'icmp'

/** Ports from `first` to `last`, both included. */
export interface PortRange {
  readonly first: number
  readonly last: number
}

/** Members that `from` selects may open flows to those that `to` selects. Replies belong to a flow. */
export interface Rule {
  /** Selectors in canonical form (selector.ts). */
  readonly from: string
  readonly to: string
  /** Absent: with `ports` tcp and udp, else everything. */
  readonly protocols?: readonly Protocol[]
  /** Absent: all. */
  readonly ports?: readonly PortRange[]
}

/** Who may open which flows to whom in one network. */
export interface Policy {
  /** What holds for a direction that no rule speaks of; where rules speak, only what they say may be opened. */
  readonly default: 'allow' | 'deny'
  readonly rules: readonly Rule[]
}

/** That of a network to which nobody gave another: all may open everything. */
export const OPEN_POLICY: Policy = Object.freeze({ default: 'allow', rules: [] })

/** What may be opened of one protocol. */
export interface Opening {
  readonly protocol: Protocol
  /** Sorted and apart; empty: all. */
  readonly ports: readonly PortRange[]
}

/** What one member may open to another; an empty list: nothing. */
export type Allowance = 'everything' | readonly Opening[]

/** What all these rules permit together, in canonical form: the same permission is the same value, written the same. */
export function allowanceOf(rules: readonly Rule[]): Allowance {
  if (rules.some(({ protocols, ports }) => !protocols && !ports)) return 'everything'
  return PROTOCOLS.flatMap((protocol): Opening[] => {
    const about = rules.filter(({ protocols = PORTED }) => protocols.includes(protocol))
    if (about.length === 0) return []
    const isWhole = about.some(({ ports }) => !ports)
    return [{ protocol, ports: isWhole ? [] : merged(about.flatMap(({ ports = [] }) => ports)) }]
  })
}

const PROTOCOLS: readonly Protocol[] = ['tcp', 'udp', 'icmp']
/** Those that have ports. */
export const PORTED: readonly Protocol[] = ['tcp', 'udp']

/** `everything`, `nothing` or `tcp 22, 8000-8100; icmp`. */
export function allowanceText(allowance: Allowance): string {
  if (allowance === 'everything') return allowance
  const parts = allowance.map(({ protocol, ports }) => [protocol, ports.map(rangeText).join(', ')])
  return parts.length === 0 ? 'nothing' : parts.map((part) => part.join(' ').trim()).join('; ')
}

/** `22` or `8000-8100`. */
export function rangeText({ first, last }: PortRange): string {
  return first === last ? String(first) : `${first}-${last}`
}

/** Ranges in order, joined where they touch. */
function merged(ranges: readonly PortRange[]): readonly PortRange[] {
  const joined: PortRange[] = []
  for (const range of ranges.toSorted((a, b) => a.first - b.first)) {
    const before = joined.at(-1)
    if (!before || range.first > before.last + 1) joined.push(range)
    else joined[joined.length - 1] = { first: before.first, last: Math.max(before.last, range.last) }
  }
  return joined
}

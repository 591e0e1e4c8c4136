import { type Address, parseAddress } from '../../address/cidr.ts'
import type { NodeId } from '../../keys/identity.ts'
import type { NetworkId } from '../../model/names.ts'
import { encodeFrame, type Facts, parseAgentFrame } from '../../protocol/frames.ts'

/** What a node said about itself, and where it said it from. */
export interface NodeReport {
  /** `192.168.1.2/24`, as reported; the engine takes what it can use. */
  readonly addresses: readonly string[]
  readonly mtu: number
  readonly ports: ReadonlyMap<NetworkId, number>
  readonly relays: readonly RelayReport[]
  readonly device: Facts['device']
  readonly version: string
  /** The other end of its connection. */
  readonly seenFrom: Address | undefined
  /** Seconds by which its clock is ahead of ours; undefined while it has not said, and where another replica heard it. */
  readonly clockAhead?: number | undefined
  /** Why it cannot keep what it is told; undefined: it can. */
  readonly disk?: string | undefined
}

/** A relay as a node that is attached to it sees it. */
export interface RelayReport {
  readonly node: NodeId
  readonly alive: boolean
  /** Milliseconds; undefined while not measured. */
  readonly rtt: number | undefined
}

/** @param now when it came, milliseconds since 1970; undefined: that is not known any more */
export function toNodeReport(facts: Facts, seenFrom: Address | undefined, now?: number): NodeReport {
  const ports = facts.ports.map(({ network, port }) => [network as NetworkId, port] as const)
  const relays = (facts.relays ?? []).map(({ node, alive, rtt }) => ({ node: node as NodeId, alive, rtt }))
  const { addresses, mtu, device, version, time, disk } = facts
  const clockAhead = time === undefined || now === undefined ? undefined : Math.round((time - now) / 1_000)
  return { addresses, mtu, ports: new Map(ports), relays, device, version, seenFrom, clockAhead, disk }
}

/** A report as a text that `parseReport` reads. */
export function reportText({ seenFrom, ports, clockAhead: _, disk, ...report }: NodeReport): string {
  const relays = report.relays.map(({ node, alive, rtt }) => ({
    node,
    alive,
    ...(rtt !== undefined && { rtt }),
  }))
  const facts: Facts = {
    ...report,
    addresses: [...report.addresses],
    ports: [...ports].map(([network, port]) => ({ network, port })),
    relays,
    ...(disk !== undefined && { disk }),
  }
  return `${seenFrom ?? ''} ${encodeFrame({ type: 'facts', facts })}`
}

/** Undefined for a text that is none of `reportText`. */
export function parseReport(text: string): NodeReport | undefined {
  const space = text.indexOf(' ')
  try {
    const frame = parseAgentFrame(text.slice(space + 1))
    const seenFrom = space === 0 ? undefined : parseAddress(text.slice(0, space))
    return frame.type === 'facts' ? toNodeReport(frame.facts, seenFrom) : undefined
  } catch {
    return undefined
  }
}

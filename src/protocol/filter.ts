import { WeftError } from '../errors.ts'
import type { Allowance, Opening, Protocol } from '../model/policy.ts'
import { ByteReader, ByteWriter } from './bytes.ts'
import { type Group, readGroup, writeGroup } from './group.ts'

/** What a member lets in from the others, by the group that stands in their records. Replies are always let in. */
export interface Filter {
  /** From groups that are not listed. */
  readonly others: Allowance
  readonly groups: ReadonlyMap<Group, Allowance>
}

/** Canonical: what is let in, once each, with the groups for which it holds. */
export function encodeFilter({ others, groups }: Filter): Uint8Array {
  return writeListed(writeAllowance(new ByteWriter(), others), groups).finish()
}

/** What is let in, each with the groups for which it holds, in canonical order. */
export function writeListed(writer: ByteWriter, groups: Filter['groups']): ByteWriter {
  const parts = [...partsOf(groups)].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, part]) => part)
  writer.number(parts.length)
  for (const { allowance, members } of parts) {
    writeAllowance(writer, allowance).number(members.length)
    for (const group of members.sort()) writeGroup(writer, group)
  }
  return writer
}

interface Part {
  readonly allowance: Allowance
  readonly members: Group[]
}

/** Groups by what is let in from them, as text. Nearly all are let in alike, by one and the same value. */
function partsOf(groups: Filter['groups']): Map<string, Part> {
  const parts = new Map<string, Part>()
  const known = new Map<Allowance, Part>()
  for (const [group, allowance] of groups) {
    const part = known.get(allowance) ?? partOf(allowance, parts)
    known.set(allowance, part)
    part.members.push(group)
  }
  return parts
}

function partOf(allowance: Allowance, parts: Map<string, Part>): Part {
  const text = JSON.stringify(allowance)
  const part = parts.get(text) ?? { allowance, members: [] }
  parts.set(text, part)
  return part
}

/** Throws `protocol-error` for anything but an encoded filter. */
export function decodeFilter(bytes: Uint8Array): Filter {
  const reader = new ByteReader(bytes)
  const others = readAllowance(reader)
  const groups = readListed(reader, bytes.length)
  reader.end()
  return { others, groups }
}

/** @param most bytes that there are, so that nothing is longer */
export function readListed(reader: ByteReader, most: number): Map<Group, Allowance> {
  const groups = new Map<Group, Allowance>()
  for (let left = reader.number(most); left > 0; left--) {
    const allowance = readAllowance(reader)
    for (let more = reader.number(most); more > 0; more--) groups.set(readGroup(reader), allowance)
  }
  return groups
}

/** By these numbers they travel. */
const PROTOCOLS: readonly Protocol[] = ['tcp', 'udp', 'icmp']
const PORT_MAX = 65_535
/** A rule has at most 100 ranges and a policy 10,000 rules. */
const MOST_RANGES = 1_000_000

/** The number of openings and one more; 0 for everything. */
function writeAllowance(writer: ByteWriter, allowance: Allowance): ByteWriter {
  if (allowance === 'everything') return writer.number(0)
  writer.number(allowance.length + 1)
  for (const { protocol, ports } of allowance) {
    writer.number(PROTOCOLS.indexOf(protocol)).number(ports.length)
    for (const { first, last } of ports) writer.number(first).number(last)
  }
  return writer
}

function readAllowance(reader: ByteReader): Allowance {
  const size = reader.number(PROTOCOLS.length + 1)
  return size === 0 ? 'everything' : Array.from({ length: size - 1 }, () => readOpening(reader))
}

function readOpening(reader: ByteReader): Opening {
  const protocol = PROTOCOLS[reader.number(PROTOCOLS.length - 1)] ?? 'tcp'
  const ports = Array.from({ length: reader.number(MOST_RANGES) }, () => {
    const range = { first: reader.number(PORT_MAX), last: reader.number(PORT_MAX) }
    if (range.first <= range.last) return range
    throw new WeftError('protocol-error', 'A filter has a range of ports that ends before it begins.')
  })
  return { protocol, ports }
}

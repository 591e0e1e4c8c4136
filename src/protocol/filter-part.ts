import type { Allowance } from '../model/policy.ts'
import { ByteReader, ByteWriter } from './bytes.ts'
import { encodeFilter, type Filter, readListed, writeListed } from './filter.ts'
import { type Group, readGroup, writeGroup } from './group.ts'

/**
 * What holds for some groups from now on; undefined: what holds for all that are not listed. So a class more in a network of
 * many is a group more to its members, and not all of them again. It is not signed itself: the digest that is signed for the
 * records and the filter says whether what comes of it is right.
 */
export type FilterPart = ReadonlyMap<Group, Allowance | undefined>

export function encodeFilterPart(part: FilterPart): Uint8Array {
  const gone = [...part].flatMap(([group, allowance]) => (allowance === undefined ? group : []))
  const listed = [...part].flatMap(([group, allowance]) =>
    allowance === undefined ? [] : [[group, allowance] as const],
  )
  const writer = new ByteWriter().number(gone.length)
  for (const group of gone.sort()) writeGroup(writer, group)
  return writeListed(writer, new Map(listed)).finish()
}

/** The encoded filter that comes of a part. Throws `protocol-error` for anything but an encoded one. */
export function changedFilter({ others, groups }: Filter, part: Uint8Array): Uint8Array {
  const reader = new ByteReader(part)
  const now = new Map(groups)
  for (let left = reader.number(part.length); left > 0; left--) now.delete(readGroup(reader))
  for (const [group, allowance] of readListed(reader, part.length)) now.set(group, allowance)
  reader.end()
  return encodeFilter({ others, groups: now })
}

/** Groups for which the two say different things; undefined where that is not all in which they differ. */
export function changedGroups(
  before: Filter | undefined,
  after: Filter | undefined,
): readonly Group[] | undefined {
  if (!before || !after) return undefined
  const textOf = texts()
  if (textOf(before.others) !== textOf(after.others)) return undefined
  const said = ({ groups }: Filter, group: Group) => textOf(groups.get(group))
  const differs = (group: Group) => said(before, group) !== said(after, group)
  return [...new Set([...before.groups.keys(), ...after.groups.keys()])].filter(differs)
}

/** Allowances as text, each worked out once: those of many groups are one value. */
function texts(): (allowance: Allowance | undefined) => string | undefined {
  const known = new Map<Allowance | undefined, string | undefined>()
  return (allowance) => {
    if (!known.has(allowance)) known.set(allowance, JSON.stringify(allowance))
    return known.get(allowance)
  }
}

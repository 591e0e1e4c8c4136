import type { NodeId } from '../../keys/identity.ts'
import type { Member, Network, Node } from '../../model/state.ts'
import { encodeFilter } from '../../protocol/filter.ts'
import { type Group, NO_GROUP } from '../../protocol/group.ts'
import { encodeRecord } from '../../protocol/record.ts'
import { NO_FILTER, View } from '../../protocol/view.ts'
import type { ClassFilter } from '../../topology/policy/filter.ts'
import type { Regime } from '../../topology/policy/regime.ts'
import type { GroupNames } from './group-names.ts'
import { recordOf } from './record-of.ts'

interface Encoded {
  readonly node: Node
  readonly group: Group
  readonly bytes: Uint8Array | undefined
}

/** Records and filters of one network, encoded once, however many classes see them. */
export class Encoder {
  readonly #names: GroupNames
  readonly #records = new WeakMap<Member, Encoded>()
  readonly #groups = new Map<string, Group>()
  readonly #filters = new WeakMap<ClassFilter, Uint8Array>()
  #last: View | undefined

  constructor(names: GroupNames) {
    this.#names = names
  }

  /** Nothing while the member has no key. @param opener what its class may open */
  record(
    network: Network,
    regime: Regime,
    member: Member,
    node: Node,
    opener: string,
  ): Uint8Array | undefined {
    const group = regime.isUnfiltered ? NO_GROUP : this.#group(network, opener)
    const known = this.#records.get(member)
    if (known?.node === node && known.group === group) return known.bytes
    const record = recordOf(network, member, node, group)
    const bytes = record && encodeRecord(record)
    // Where there is one class, nobody else asks.
    if (!regime.isUniform) this.#records.set(member, { node, group, bytes })
    return bytes
  }

  filter(network: Network, filter: ClassFilter | undefined): Uint8Array {
    if (!filter) return NO_FILTER
    const bytes = this.#filters.get(filter) ?? this.#encode(network, filter)
    this.#filters.set(filter, bytes)
    return bytes
  }

  /** A view of these records, by member. What the last one that was asked for has of them is not hashed again. */
  view(records: ReadonlyMap<NodeId, Uint8Array>, filter: Uint8Array): View {
    const view = this.#last ? goOn(this.#last, records, filter) : View.of(records.values(), filter)
    this.#last = view
    return view
  }

  #encode(network: Network, { others, openers }: ClassFilter): Uint8Array {
    const groups = [...openers].map(([each, allowance]) => [this.#group(network, each), allowance] as const)
    return encodeFilter({ others, groups: new Map(groups) })
  }

  #group(network: Network, key: string): Group {
    const group = this.#groups.get(key) ?? this.#names.of(network.id, key)
    this.#groups.set(key, group)
    return group
  }
}

/** A copy with other records, or a new one if it has fewer of them than others. */
function goOn(like: View, records: ReadonlyMap<NodeId, Uint8Array>, filter: Uint8Array): View {
  const gone = like.nodes().filter((node) => !records.has(node))
  const others = [...records].filter(([node, record]) => like.encodedRecord(node) !== record)
  if (gone.length + others.length >= records.size) return View.of(records.values(), filter)
  const view = like.copy()
  view.change(
    others.map(([, record]) => record),
    gone,
    filter,
  )
  return view
}

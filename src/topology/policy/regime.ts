import type { NodeId } from '../../keys/identity.ts'
import type { ProjectId } from '../../model/names.ts'
import { type Allowance, OPEN_POLICY, type Policy } from '../../model/policy.ts'
import { type Matched, Rulebook } from '../../model/rulebook.ts'
import type { Labels, Role, Topology } from '../../model/state.ts'

/** What of a node decides on whom it may see. */
export interface Viewer {
  readonly id: NodeId
  readonly project: ProjectId
  readonly labels: Labels
  readonly roles: readonly Role[]
}

/** Members that see the same and are seen alike. */
export interface Class {
  /** Names the class in its network: two with the same key are one. */
  readonly key: string
  readonly matched: Matched
  /** Names what its members may open: classes with the same may open the same to everybody. */
  readonly opener: string
  /** Carries packets of others, so that all have to see it, and it all. */
  readonly isCarrier: boolean
}

/** What of a network decides. */
interface RegimeOf {
  readonly topology: Topology
  readonly policy: Policy
  /** Who owns it. */
  readonly project: ProjectId
}

const CARRIERS: Readonly<Record<Topology, Role | undefined>> = {
  mesh: undefined,
  hub: 'hub',
  sites: 'gateway',
  transit: 'relay',
}

/**
 * Who may see whom in a network, and what they may open to each other, by its topology and policy. In `hub` and `sites`
 * a policy decides who may talk, not by whom it is carried: hubs and gateways see all that they carry for, and are seen.
 */
export class Regime {
  /** Whether nobody is hidden from anybody. */
  readonly seesAll: boolean
  /** Whether all members are of one class. */
  readonly isUniform: boolean
  /** Whether all that is seen may be opened, so that nothing has to be filtered. */
  readonly isUnfiltered: boolean
  readonly #rulebook: Rulebook | undefined
  readonly #carrier: Role | undefined
  readonly #owner: ProjectId

  constructor({ topology, policy, project }: RegimeOf) {
    this.#owner = project
    this.#rulebook = topology === 'transit' || isOpen(policy) ? undefined : Rulebook.of(policy)
    this.seesAll = this.#rulebook ? this.#rulebook.isDefaultAllow : topology !== 'transit'
    this.#carrier = this.seesAll ? undefined : CARRIERS[topology]
    this.isUniform = this.seesAll && !this.#rulebook
    this.isUnfiltered = !this.#rulebook || (this.#rulebook.isPlain && !this.#carrier)
  }

  /** Labels count only on nodes of the network's own project: what guests call theirs is not for them to gain by. */
  classOf(viewer: Viewer): Class {
    const subject = viewer.project === this.#owner ? viewer : { id: viewer.id, labels: {} }
    const matched = this.#rulebook?.matched(subject) ?? []
    const isCarrier = this.#carrier !== undefined && viewer.roles.includes(this.#carrier)
    const key = matched.concat(isCarrier ? [CARRIER_MARK] : []).join('\n')
    return { key, matched, opener: this.#rulebook?.opening(matched).join('\n') ?? '', isCarrier }
  }

  /** Whether members of the two classes are peers; symmetric. */
  sees(a: Class, b: Class): boolean {
    if (this.seesAll || a.isCarrier || b.isCarrier) return true
    return this.#rulebook?.permits(a.matched, b.matched) ?? false
  }

  /** What `from` may open to `to`; replies to that are always free. */
  opens(from: Class, to: Class): Allowance {
    return this.#rulebook?.opens(from.matched, to.matched) ?? 'everything'
  }

  /** Selectors of which a class has to match one to be seen by `viewer`, besides carriers; undefined: all are seen. */
  partnersOf(viewer: Class): ReadonlySet<string> | undefined {
    if (this.seesAll || viewer.isCarrier) return undefined
    return this.#rulebook?.partners(viewer.matched) ?? new Set()
  }
}

/** What everybody is who matches nothing. */
export const NOBODY: Class = Object.freeze({ key: '', matched: [], opener: '', isCarrier: false })

/** No selector looks like this. */
const CARRIER_MARK = '!'

function isOpen(policy: Policy): boolean {
  return policy.default === OPEN_POLICY.default && policy.rules.length === 0
}

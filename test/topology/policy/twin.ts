import type { NodeId } from '../../../src/keys/identity.ts'
import type { ProjectId } from '../../../src/model/names.ts'
import type { Allowance, Opening, Policy, Protocol, Rule } from '../../../src/model/policy.ts'
import type { Labels, Role, Topology } from '../../../src/model/state.ts'

/** The slow twin of policies: what the documents say, word by word, about each pair by itself. */

export interface Someone {
  readonly id: NodeId
  readonly project: ProjectId
  readonly labels: Labels
  readonly roles: readonly Role[]
}

export interface World {
  readonly project: ProjectId
  readonly topology: Topology
  readonly policy: Policy
}

function isSelected(by: string, { id, labels, project }: Someone, world: World): boolean {
  if (by === '*' || by === id) return true
  if (!by.includes('=') || project !== world.project) return false
  return by.split(',').every((term) => {
    const [label, value] = term.split('=')
    return label !== undefined && labels[label] === value
  })
}

function rulesFor(world: World, from: Someone, to: Someone): readonly Rule[] {
  return world.policy.rules.filter(
    (rule) => isSelected(rule.from, from, world) && isSelected(rule.to, to, world),
  )
}

/** "Where no rule speaks, the default holds." Asked one port at a time. */
export function twinMayOpen(
  world: World,
  from: Someone,
  to: Someone,
  protocol: Protocol | 'other',
  port: number,
): boolean {
  if (world.topology === 'transit') return true
  const rules = rulesFor(world, from, to)
  if (rules.length === 0) return world.policy.default === 'allow'
  return rules.some(({ protocols, ports }) => {
    if (!protocols && !ports) return true
    const named: readonly string[] = protocols ?? ['tcp', 'udp']
    return (
      named.includes(protocol) && (!ports || ports.some(({ first, last }) => first <= port && port <= last))
    )
  })
}

/** "Members that may open nothing to each other are no peers", but for those that carry. */
export function twinSees(world: World, a: Someone, b: Someone): boolean {
  const carriers: Readonly<Record<Topology, Role | undefined>> = {
    mesh: undefined,
    hub: 'hub',
    sites: 'gateway',
    transit: 'relay',
  }
  const carrier = carriers[world.topology]
  if (carrier && [a, b].some(({ roles }) => roles.includes(carrier))) return true
  if (world.topology === 'transit') return false
  if (world.policy.default === 'allow') return true
  return rulesFor(world, a, b).length + rulesFor(world, b, a).length > 0
}

/** Whether an allowance lets a packet in. */
export function lets(allowance: Allowance, protocol: Protocol | 'other', port: number): boolean {
  if (allowance === 'everything') return true
  return allowance.some((opening: Opening) => {
    const isIn = opening.ports.some(({ first, last }) => first <= port && port <= last)
    return opening.protocol === protocol && (opening.ports.length === 0 || isIn)
  })
}

import { parseNodeId } from '../../keys/identity.ts'
import { apply } from '../../model/apply.ts'
import type { Event } from '../../model/event.ts'
import type { NetworkId } from '../../model/names.ts'
import { type Policy, type Rule, rangeText } from '../../model/policy.ts'
import type { State } from '../../model/state.ts'

/** One thing that a change adds, changes or removes, under its place in a document of what is wanted. */
export interface ChangeStep {
  readonly change: 'add' | 'change' | 'remove'
  readonly path: string
  readonly before?: string
  readonly after?: string
}

/** What events make of a state, step by step. What the controller keeps by itself, such as the transit, is left out. */
export function stepsOf(state: State, events: readonly Event[]): ChangeStep[] {
  const steps: ChangeStep[] = []
  let then = state
  for (const event of events) {
    const before = then
    then = apply(then, event)
    steps.push(...stepOf(event, before, then))
  }
  return steps
}

/** The same of events that were made before, without what was there before them. */
export function stepsRetold(state: State, events: readonly Event[]): ChangeStep[] {
  const before = { ...state, networks: state.networks.clear(), nodes: state.nodes.clear() }
  return events.flatMap((event) => stepOf(event, before, state))
}

function stepOf(event: Event, before: State, after: State): ChangeStep[] {
  switch (event.type) {
    case 'network-created': {
      const { name, ipv4, topology } = event
      return topology === 'transit' ? [] : [added(`networks.${name}`, `${ipv4}, ${topology}`)]
    }
    case 'network-deleted': {
      const members = before.networks.get(event.id)?.members.size ?? 0
      return [removed(pathOf(before, event.id), `${members} members`)]
    }
    case 'member-added':
      return ifShown(after, event.network, (path) => [added(`${path}.members.${nameOf(after, event.node)}`)])
    case 'member-removed':
      return ifShown(after, event.network, (path) => [
        removed(`${path}.members.${nameOf(before, event.node)}`),
      ])
    case 'network-policy-set': {
      const old = before.networks.get(event.network)?.policy
      return policySteps(`${pathOf(after, event.network)}.policy`, old, event.policy, after)
    }
    case 'node-labels-set':
      return labelSteps(
        `nodes.${nameOf(after, event.id)}.labels`,
        before.nodes.get(event.id)?.labels ?? {},
        event.labels,
      )
    case 'node-roles-set': {
      const old = before.nodes.get(event.id)?.roles ?? []
      return [changed(`nodes.${nameOf(after, event.id)}.roles`, rolesText(old), rolesText(event.roles))]
    }
    default:
      return []
  }
}

/** The transit is nobody's to write down. */
function ifShown(state: State, id: NetworkId, steps: (path: string) => ChangeStep[]): ChangeStep[] {
  return id === state.transit ? [] : steps(pathOf(state, id))
}

function pathOf(state: State, id: NetworkId): string {
  return `networks.${state.networks.get(id)?.name ?? id}`
}

function nameOf(state: State, node: Parameters<State['nodes']['get']>[0]): string {
  return state.nodes.get(node)?.name ?? node
}

function rolesText(roles: readonly string[]): string {
  return roles.length === 0 ? 'none' : roles.join(', ')
}

function policySteps(path: string, old: Policy | undefined, now: Policy, state: State): ChangeStep[] {
  const [before, after] = [old, now].map((policy) =>
    (policy?.rules ?? []).map((rule) => ruleText(rule, state)),
  )
  const steps = [
    ...(old?.default === now.default
      ? []
      : [changed(`${path}.default`, old?.default ?? 'allow', now.default)]),
    ...surplus(before, after).map((rule) => removed(`${path}.rules`, rule)),
    ...surplus(after, before).map((rule) => added(`${path}.rules`, rule)),
  ]
  return steps.length > 0 ? steps : [changed(`${path}.rules`, 'the same', 'in another order')]
}

/** What is in `these` and not in `those`. */
function surplus(these: readonly string[] = [], those: readonly string[] = []): string[] {
  const known = new Set(those)
  return these.filter((one) => !known.has(one))
}

/** `role=web to role=db, tcp, ports 5432`. */
function ruleText({ from, to, protocols, ports }: Rule, state: State): string {
  const [source, target] = [from, to].map((selector) => {
    const id = parseNodeId(selector)
    return id ? nameOf(state, id) : selector
  })
  const limits = [
    ...(protocols ? [protocols.join(' and ')] : []),
    ...(ports ? [`ports ${ports.map(rangeText).join(' ')}`] : []),
  ]
  return [`${source} to ${target}`, ...limits].join(', ')
}

type Labels = Readonly<Record<string, string>>

function labelSteps(path: string, before: Labels, after: Labels): ChangeStep[] {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].toSorted()
  return keys.flatMap((key) => {
    const [old, now] = [before[key], after[key]]
    if (old === now) return []
    if (old === undefined) return [added(`${path}.${key}`, now)]
    return [now === undefined ? removed(`${path}.${key}`, old) : changed(`${path}.${key}`, old, now)]
  })
}

function added(path: string, after?: string): ChangeStep {
  return { change: 'add', path, ...(after !== undefined && { after }) }
}

function removed(path: string, before?: string): ChangeStep {
  return { change: 'remove', path, ...(before !== undefined && { before }) }
}

function changed(path: string, before: string, after: string): ChangeStep {
  return { change: 'change', path, before, after }
}

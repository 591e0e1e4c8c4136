import { type Cidr, parseCidr } from '../../address/cidr.ts'
import { toWeftError, WeftError } from '../../errors.ts'
import { type NodeId, parseNodeId } from '../../keys/identity.ts'
import type { KeyStock } from '../../keys/stock.ts'
import type { Event } from '../../model/event.ts'
import type { NetworkId, ProjectId } from '../../model/names.ts'
import type { Network, Role, State } from '../../model/state.ts'
import { findNode } from '../lookup.ts'
import type { Decision, Tools } from '../tools.ts'
import { inTurn } from './inturn.ts'
import { changeLabels } from './label.ts'
import { addMember, removeMember } from './member.ts'
import { createNetwork, deleteNetwork, type NetworkInput } from './network.ts'
import { type PolicyInput, setPolicy } from './policy.ts'
import { setRoles } from './role.ts'

/** What a project is to be. What is not in it is left as it is, unless it is to be pruned. */
export interface Wanted {
  readonly networks?: Readonly<Record<string, WantedNetwork>>
  readonly nodes?: Readonly<Record<string, WantedNode>>
}

export interface WantedNetwork extends Omit<NetworkInput, 'project' | 'name' | 'id'> {
  readonly members?: readonly string[]
  readonly policy?: PolicyInput
}

interface WantedNode {
  readonly labels?: Readonly<Record<string, string>>
  readonly roles?: readonly Role[]
}

export interface ApplyOptions {
  readonly prune: boolean
  /** Ids for networks that are to be made, by name: chosen before, so that keys can be made ahead for them. */
  readonly ids: ReadonlyMap<string, NetworkId>
  readonly keys?: KeyStock
}

/** Decides on a state, as one part of a change. */
type Step = (then: State) => { readonly events: readonly Event[] }

/**
 * Decides what makes a project as it is wanted: all of it, or nothing. Where it is so already there are no events. An error
 * names the place in the document, such as `networks.demo.members.3`.
 */
export function applyWanted(
  state: State,
  tools: Tools,
  project: ProjectId,
  wanted: Wanted,
  options: ApplyOptions,
): Decision<void> {
  const context: Context = { tools, project, ...options }
  const { networks = {}, nodes = {} } = wanted
  const events = inTurn(state, [
    ...Object.entries(nodes).flatMap(([name, node]) => nodeSteps(context, name, node)),
    // First, so that what is new may have their ranges.
    ...(options.prune && wanted.networks ? [pruneNetworks(context, networks)] : []),
    ...Object.entries(networks).flatMap(([name, network]) => networkSteps(context, name, network)),
  ])
  return { events, result: undefined }
}

interface Context extends ApplyOptions {
  readonly tools: Tools
  readonly project: ProjectId
}

function nodeSteps({ tools, project, prune }: Context, name: string, { labels, roles }: WantedNode): Step[] {
  const field = `nodes.${name}`
  const steps: Step[] = []
  if (labels)
    steps.push((then) => {
      const node = at(field, () => findNode(then, project, name))
      const surplus = prune ? Object.keys(node.labels).filter((key) => !Object.hasOwn(labels, key)) : []
      const gone = Object.fromEntries(surplus.map((key) => [key, null]))
      return at(`${field}.labels`, () => changeLabels(then, node.id, { ...gone, ...labels }))
    })
  steps.push((then) => {
    const { id } = at(field, () => findNode(then, project, name))
    return roles ? at(`${field}.roles`, () => setRoles(then, tools, id, roles)) : NOTHING
  })
  return steps
}

const NOTHING = { events: [] }

function pruneNetworks({ project }: Context, networks: Readonly<Record<string, unknown>>): Step {
  return (then) => ({
    events: [...(then.networksByName.get(project) ?? [])]
      .filter(([name, id]) => !Object.hasOwn(networks, name) && id !== then.transit)
      .flatMap(([, id]) => deleteNetwork(then, id).events),
  })
}

function networkSteps(context: Context, name: string, wanted: WantedNetwork): Step[] {
  const field = `networks.${name}`
  const { tools, project, ids } = context
  const { members, policy, ...input } = wanted
  const own = (then: State) => ownNetwork(then, project, name)
  const steps: Step[] = [
    (then) => {
      const network = own(then)
      if (network) return assertAsMade(field, network, input)
      const id = ids.get(name)
      return within(field, () => createNetwork(then, tools, { ...input, project, name, ...(id && { id }) }))
    },
  ]
  if (members) steps.push((then) => changeMembers(context, then, known(own(then)), members))
  if (policy)
    steps.push((then) => within(`${field}.policy`, () => setPolicy(then, known(own(then)).id, policy)))
  return steps
}

function ownNetwork(state: State, project: ProjectId, name: string): Network | undefined {
  const id = state.networksByName.get(project)?.get(name)
  return id && state.networks.get(id)
}

/** Members can be told apart by the places of their addresses, so these stay what they were. */
function assertAsMade(field: string, network: Network, input: Partial<NetworkInput>): typeof NOTHING {
  const { ipv4, ipv6 } = input
  const given: Readonly<Record<string, string | number | undefined>> = {
    ...input,
    ipv4: ipv4 === undefined ? undefined : at(`${field}.ipv4`, (): Cidr => parseCidr(ipv4, 4)),
    ipv6: ipv6 === undefined ? undefined : at(`${field}.ipv6`, (): Cidr => parseCidr(ipv6, 6)),
  }
  for (const key of ['ipv4', 'ipv6', 'nodePrefixLength', 'topology', 'keyCustody'] as const) {
    if (given[key] === undefined || given[key] === network[key]) continue
    throw new WeftError(
      'conflict',
      `${network.name} has ${key} ${network[key]}, and that cannot be changed.`,
      {
        field: `${field}.${key}`,
        advice: `Write ${network[key]} or leave it out; for another one make another network.`,
      },
    )
  }
  return NOTHING
}

function changeMembers(
  { tools, project, prune, keys }: Context,
  then: State,
  network: Network,
  names: readonly string[],
): { readonly events: readonly Event[] } {
  const { add, remove } = memberChanges(then, { project, prune }, network, names)
  const events = inTurn(then, [
    ...remove.map((node) => (now: State) => removeMember(now, tools, network.id, node)),
    ...add.map(
      ({ node, field }) =>
        (now: State) =>
          at(field, () => addMember(now, tools, network.id, node, keys)),
    ),
  ])
  return { events }
}

/** Who is to become a member and who to leave. Guests stay: they are members by the will of their own project. */
export function memberChanges(
  state: State,
  { project, prune }: { readonly project: ProjectId; readonly prune: boolean },
  network: Network,
  names: readonly string[],
) {
  const add = new Map<NodeId, string>()
  const wanted = new Set<NodeId>()
  for (const [index, name] of names.entries()) {
    const field = `networks.${network.name}.members.${index}`
    const id = parseNodeId(name)
    const node = id && network.members.has(id) ? id : at(field, () => findNode(state, project, name).id)
    if (!wanted.has(node) && !network.members.has(node)) add.set(node, field)
    wanted.add(node)
  }
  const isOwn = (node: NodeId) => state.nodes.get(node)?.project === project
  const surplus = prune ? [...network.members.keys()].filter((node) => !wanted.has(node) && isOwn(node)) : []
  return { add: [...add].map(([node, field]) => ({ node, field })), remove: surplus }
}

/** Says where in the document it was that something failed. */
function at<Value>(field: string, decide: () => Value): Value {
  return rethrown(decide, () => field)
}

/** The same for what has fields of its own. */
function within<Value>(prefix: string, decide: () => Value): Value {
  return rethrown(decide, (field) =>
    field === undefined || field === 'name' ? prefix : `${prefix}.${field}`,
  )
}

function rethrown<Value>(decide: () => Value, fieldOf: (field: string | undefined) => string): Value {
  try {
    return decide()
  } catch (error) {
    const { code, message, advice, field, cause } = toWeftError(error)
    const details = { field: fieldOf(field), cause, ...(advice !== undefined && { advice }) }
    throw new WeftError(code, message, details)
  }
}

function known(network: Network | undefined): Network {
  if (network) return network
  throw new WeftError('internal', 'A network is gone that was just made.')
}

import { addMember, removeMember } from '../../src/controller/commands/member.ts'
import { createNetwork, deleteNetwork } from '../../src/controller/commands/network.ts'
import { findMember, findNetwork, findNode } from '../../src/controller/lookup.ts'
import type { Decision, Tools } from '../../src/controller/tools.ts'
import type { Event } from '../../src/model/event.ts'
import { DEFAULT_PROJECT } from '../../src/model/names.ts'
import type { State } from '../../src/model/state.ts'
import { nodeId, publicKey, verifyKey } from '../model/history.ts'

/** What callers ask for in tests of histories. */
export interface Action {
  readonly kind: 'create' | 'delete' | 'add' | 'remove'
  readonly network: string
  /** Of no meaning to a network as a whole. */
  readonly node: string
}

/** What an action comes to: it is done, or refused with the code of an error. */
export type Answer = 'done' | 'already-exists' | 'not-found'

/** What the controller has to be like: networks, and who is in them, as a map of sets. */
export class Model {
  readonly networks = new Map<string, Set<string>>()

  /** What would come of it now. */
  answer({ kind, network, node }: Action): Answer {
    const members = this.networks.get(network)
    if (kind === 'create') return members ? 'already-exists' : 'done'
    if (!members) return 'not-found'
    if (kind === 'delete') return 'done'
    const isMember = members.has(node)
    if (kind === 'add') return isMember ? 'already-exists' : 'done'
    return isMember ? 'done' : 'not-found'
  }

  /** Does it, if it can be done. */
  apply(action: Action): Answer {
    const answer = this.answer(action)
    if (answer !== 'done') return answer
    const { kind, network, node } = action
    if (kind === 'create') this.networks.set(network, new Set())
    if (kind === 'delete') this.networks.delete(network)
    if (kind === 'add') this.networks.get(network)?.add(node)
    if (kind === 'remove') this.networks.get(network)?.delete(node)
    return answer
  }

  /** Each network and its members, in order. */
  toJSON(): [string, string[]][] {
    return [...this.networks]
      .map(([name, members]): [string, string[]] => [name, [...members].sort()])
      .sort(byName)
  }
}

/** The same of a real state. Throws when two members have one place. */
export function membersIn(state: State): [string, string[]][] {
  return [...state.networks.values()]
    .map(({ name, members }): [string, string[]] => {
      const slots = new Set([...members.values()].map(({ slot }) => slot))
      if (slots.size !== members.size) throw new Error(`two members of ${name} have one place`)
      return [name, [...members.keys()].map((id) => state.nodes.get(id)?.name ?? id).sort()]
    })
    .sort(byName)
}

/** The real decision. */
export function decide({ kind, network, node }: Action, state: State, tools: Tools): Decision<unknown> {
  if (kind === 'create')
    return createNetwork(state, tools, { name: network, nodePrefixLength: 28, keyCustody: 'node' })
  const { id } = findNetwork(state, DEFAULT_PROJECT, network)
  if (kind === 'delete') return deleteNetwork(state, id)
  if (kind === 'add') return addMember(state, tools, id, findNode(state, DEFAULT_PROJECT, node).id)
  return removeMember(state, tools, id, findMember(state, DEFAULT_PROJECT, id, node).node)
}

/** The nodes `n0` and so on. */
export function enrolments(count: number): Event[] {
  return Array.from({ length: count }, (_, at) => ({
    type: 'node-enrolled',
    at: 0,
    id: nodeId(at),
    project: DEFAULT_PROJECT,
    name: `n${at}`,
    publicKey: verifyKey(at),
    sealingKey: publicKey(at),
    labels: {},
  }))
}

/** Something that was asked for, and what the caller was told. */
export interface Asked {
  readonly operation: string
  readonly action: Action
  /** An answer of the model's; `refused` for another error; `unknown` when nobody knows whether it was done. */
  readonly told: Answer | 'refused' | 'unknown'
  /** Where it was said to stand in the log. */
  readonly sequence?: number | undefined
  /** All up to here was acknowledged when it was asked; and no more than that was in the log when it was answered. */
  readonly from: number
  readonly to: number
}

/**
 * Whether the log is a history that explains every answer: what was done stands in it once, where it was said to, not before
 * what had been acknowledged by then, and could be done there; what was refused had to be refused at some moment between
 * question and answer. Everything that is wrong, as sentences. `model` comes to the end of the log.
 */
export function explain(
  model: Model,
  asked: readonly Asked[],
  log: readonly { readonly operation: string; readonly sequence: number }[],
): string[] {
  const byOperation = new Map(asked.map((one) => [one.operation, one]))
  const places = new Map<string, number>()
  const wrong: string[] = []
  let open = asked.filter(({ told }) => told === 'already-exists' || told === 'not-found')
  const justify = (at: number) => {
    open = open.filter(({ from, to, told, action }) => at < from || at > to || model.answer(action) !== told)
  }
  justify((log[0]?.sequence ?? Number.MAX_SAFE_INTEGER) - 1)
  for (const { operation, sequence } of log) {
    if (places.has(operation)) wrong.push(`${operation} is in the log twice`)
    places.set(operation, sequence)
    const one = byOperation.get(operation)
    const answer = one && model.apply(one.action)
    if (one && answer !== 'done') wrong.push(`${text(one)} was done at ${sequence}, where it is ${answer}`)
    justify(sequence)
  }
  if (log.length === 0) open = open.filter(({ told, action }) => model.answer(action) !== told)
  wrong.push(...open.map((one) => `${text(one)} was refused as ${one.told}, and at no time it was so`))
  for (const one of asked) wrong.push(...misplaced(one, places.get(one.operation)))
  return wrong
}

function misplaced(one: Asked, place: number | undefined): string[] {
  if (one.told === 'unknown') return []
  if (one.told !== 'done') return place === undefined ? [] : [`${text(one)} was refused, and is at ${place}`]
  if (place === undefined) return [`${text(one)} was acknowledged and is lost`]
  if (place !== one.sequence) return [`${text(one)} was said to be at ${one.sequence}, and is at ${place}`]
  return place <= one.from ? [`${text(one)} is at ${place}, before what it came after`] : []
}

function text({ operation, action: { kind, network, node } }: Asked): string {
  return `${operation} (${kind} ${network} ${node})`
}

function byName([a]: [string, unknown], [b]: [string, unknown]): number {
  return a < b ? -1 : 1
}

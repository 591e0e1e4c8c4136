import fc from 'fast-check'
import { parseCidr } from '../../../src/address/cidr.ts'
import type { NodeId } from '../../../src/keys/identity.ts'
import { apply } from '../../../src/model/apply.ts'
import type { Event } from '../../../src/model/event.ts'
import { DEFAULT_PROJECT } from '../../../src/model/names.ts'
import type { Rule } from '../../../src/model/policy.ts'
import { emptyState, type Labels, type State, type Topology } from '../../../src/model/state.ts'
import { networkId, nodeId, publicKey, verifyKey } from '../../model/history.ts'
import { policy, someone } from './arbitrary.ts'

/** The network in which all of it happens. */
export const NETWORK = networkId(0)

/** What somebody wants to happen in the network; `number` picks the node. */
export const wish = fc.oneof(
  fc.record({
    kind: fc.constantFrom('come' as const, 'go' as const),
    number: fc.integer({ min: 1, max: 6 }),
  }),
  fc.record({ kind: fc.constant('policy' as const), policy }),
  fc.record({ kind: fc.constant('labels' as const), number: fc.integer({ min: 1, max: 6 }), who: someone }),
  fc.record({ kind: fc.constant('roles' as const), number: fc.integer({ min: 1, max: 6 }), who: someone }),
)
export type Wish = typeof wish extends fc.Arbitrary<infer Value> ? Value : never

/** From now on these rules hold, and nothing else is allowed. */
export function permitted(...rules: readonly Rule[]): Wish {
  return { kind: 'policy', policy: { default: 'deny', rules } }
}

export function labelled(number: number, labels: Labels): Wish {
  return { kind: 'labels', number, who: { id: nodeId(number), project: DEFAULT_PROJECT, labels, roles: [] } }
}

/** It is there, and nobody in it. */
export function begin(shape: Topology): State {
  return apply(emptyState, creation(shape))
}

export function creation(shape: Topology): Event {
  return {
    type: 'network-created',
    at: 0,
    id: NETWORK,
    project: DEFAULT_PROJECT,
    name: 'demo',
    ipv4: parseCidr('10.0.0.0/8'),
    ipv6: parseCidr('fd00:0:1::/48'),
    nodePrefixLength: 24,
    topology: shape,
    keyCustody: 'controller',
  }
}

/** What becomes of the wishes, one after the other: those that make no sense bring nothing about. */
export function play(
  start: State,
  wishes: readonly Wish[],
): { readonly state: State; readonly events: readonly Event[] } {
  let state = start
  const events: Event[] = []
  for (const each of wishes) {
    const more = decide(state, each)
    state = more.reduce(apply, state)
    events.push(...more)
  }
  return { state, events }
}

function decide(state: State, wish: Wish): readonly Event[] {
  if (wish.kind === 'policy') return [{ type: 'network-policy-set', network: NETWORK, policy: wish.policy }]
  const id = nodeId(wish.number)
  const isMember = state.networks.get(NETWORK)?.members.has(id)
  switch (wish.kind) {
    case 'come':
      return isMember ? [] : [...enrol(state, id, wish.number), join(state, id, wish.number)]
    case 'go':
      return isMember ? [{ type: 'member-removed', network: NETWORK, node: id, at: 0 }] : []
    case 'labels':
      return state.nodes.has(id) ? [{ type: 'node-labels-set', id, labels: wish.who.labels }] : []
    case 'roles':
      return state.nodes.has(id) ? [{ type: 'node-roles-set', id, roles: wish.who.roles }] : []
  }
}

function enrol(state: State, id: NodeId, number: number): Event[] {
  if (state.nodes.has(id)) return []
  const keys = { project: DEFAULT_PROJECT, publicKey: verifyKey(number), sealingKey: publicKey(number) }
  return [{ type: 'node-enrolled', at: 0, id, name: `n${number}`, labels: {}, ...keys }]
}

function join(state: State, node: NodeId, number: number): Event {
  const slots = state.networks.get(NETWORK)?.slots
  const slot = slots?.tombstones.get(node)?.slot ?? slots?.next ?? 1
  return {
    type: 'member-added',
    at: 0,
    network: NETWORK,
    node,
    slot,
    keyVersion: 1,
    publicKey: publicKey(number),
  }
}

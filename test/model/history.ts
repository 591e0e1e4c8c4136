import fc from 'fast-check'
import { chooseSlot } from '../../src/address/allocation.ts'
import { parseCidr } from '../../src/address/cidr.ts'
import { type NodeId, toNodeId } from '../../src/keys/identity.ts'
import { parseVerifyKey, type VerifyKey } from '../../src/keys/signature.ts'
import { toBase64Url } from '../../src/keys/text.ts'
import { type PublicKey, toPublicKey } from '../../src/keys/wireguard.ts'
import { apply } from '../../src/model/apply.ts'
import type { Event } from '../../src/model/event.ts'
import {
  ID_BYTES,
  type NetworkId,
  type ProjectId,
  type TokenId,
  toNetworkId,
  toProjectId,
  toTokenId,
} from '../../src/model/names.ts'
import { emptyState, type State } from '../../src/model/state.ts'

const TOMBSTONE_AGE = 50
/** Small, so that slots run out. */
export const SLOTS = 3

export const nodeId = (number: number): NodeId => toNodeId(numbered(16, number))
export const networkId = (number: number): NetworkId => toNetworkId(numbered(ID_BYTES, number))
export const tokenId = (number: number): TokenId => toTokenId(numbered(ID_BYTES, number))
export const projectId = (number: number): ProjectId => toProjectId(numbered(ID_BYTES, number))
export const publicKey = (number: number): PublicKey => toPublicKey(numbered(32, number))

export function verifyKey(number: number): VerifyKey {
  const key = parseVerifyKey(toBase64Url(numbered(32, number)))
  if (!key) throw new RangeError('32 bytes are a key')
  return key
}

/** How often each thing is wanted, so that networks live long enough for members to come, go and come back. */
const WEIGHTS = {
  enrol: 4,
  'remove node': 1,
  create: 2,
  delete: 1,
  share: 2,
  unshare: 1,
  join: 14,
  leave: 12,
  certify: 4,
  'api token': 1,
  'revoke api': 1,
  'join token': 1,
  'revoke join': 1,
  use: 2,
  epoch: 1,
} as const
type Kind = keyof typeof WEIGHTS

const kinds = Object.keys(WEIGHTS)
  .filter((kind): kind is Kind => kind in WEIGHTS)
  .flatMap((kind) => new Array<Kind>(WEIGHTS[kind]).fill(kind))

/** One thing that somebody wants: its kind, and numbers that pick on whom. */
const wish = fc.record({
  kind: fc.constantFrom(...kinds),
  a: fc.nat(5),
  b: fc.constantFrom(0, 0, 0, 0, 1, 1, 2),
  wait: fc.constantFrom(0, 1, 10, 60),
})
type Wish = typeof wish extends fc.Arbitrary<infer Value> ? Value : never

/** What commands might have written: each step fits the state that those before it made. */
export const history = fc.array(wish, { maxLength: 150, size: 'max' }).map((wishes) => {
  let state = emptyState
  let at = 1_000
  const steps: (readonly Event[])[] = []
  for (const [index, each] of wishes.entries()) {
    at += each.wait
    const events = decide(state, each, at, index)
    state = events.reduce(apply, state)
    if (events.length > 0) steps.push(events)
  }
  return steps
})

/** The events of a wish, or none where it does not fit. `unique` is another number each time. */
function decide(state: State, { kind, a, b }: Wish, at: number, unique: number): Event[] {
  const [node, token] = [nodeId(a), tokenId(a)]
  const network = [...state.networks.keys()].sort()[b] ?? networkId(unique)
  const members = state.networks.get(network)?.members
  switch (kind) {
    case 'enrol':
      if (state.nodes.has(node)) return []
      return [
        {
          type: 'node-enrolled',
          at,
          id: node,
          project: projectId(a % 2),
          name: `n${unique}`,
          publicKey: verifyKey(a),
          sealingKey: publicKey(a),
          labels: { rack: String(b) },
        },
      ]
    case 'remove node':
      if (!state.nodes.has(node)) return []
      return [
        ...[...(state.networksOfNode.get(node)?.keys() ?? [])].map(
          (each) => ({ type: 'member-removed', network: each, node, at }) as const,
        ),
        { type: 'node-removed', id: node },
      ]
    case 'create':
      return state.networks.has(network) ? [] : [create(network, at, unique)]
    case 'delete':
      return state.networks.has(network) ? [{ type: 'network-deleted', id: network }] : []
    case 'share':
    case 'unshare': {
      const project = projectId(a)
      const isShared = state.networks.get(network)?.grants.has(project)
      if (isShared !== (kind === 'unshare')) return []
      return [{ type: isShared ? 'network-unshared' : 'network-shared', network, project }]
    }
    case 'join':
      return state.nodes.has(node) && members && !members.has(node)
        ? join(state, network, node, at, unique)
        : []
    case 'leave':
      return members?.has(node) ? [{ type: 'member-removed', network, node, at }] : []
    case 'certify': {
      const member = members?.get(node)
      if (!member) return []
      const keyVersion = member.publicKey
        ? (state.networks.get(network)?.revision ?? 0) + 1
        : member.keyVersion
      return [
        { type: 'member-key-certified', network, node, keyVersion, publicKey: publicKey(1_000 + unique) },
      ]
    }
    case 'epoch':
      return [{ type: 'epoch-raised', epoch: state.epoch + 1 }]
    default:
      return decideToken(state, kind, token, at, unique)
  }
}

type TokenWish = Extract<Kind, `${string} token` | `revoke ${string}` | 'use'>

function decideToken(state: State, kind: TokenWish, id: TokenId, at: number, unique: number): Event[] {
  const hash = String(unique).padStart(64, '0')
  switch (kind) {
    case 'api token':
      return state.apiTokens.has(id)
        ? []
        : [{ type: 'api-token-created', at, id, name: `t${unique}`, hash, role: 'viewer' }]
    case 'revoke api':
      return state.apiTokens.has(id) ? [{ type: 'api-token-revoked', id }] : []
    case 'join token':
      if (state.joinTokens.has(id)) return []
      return [
        {
          type: 'join-token-created',
          at,
          id,
          project: projectId(0),
          hash,
          networks: [networkId(0)],
          labels: {},
          uses: 2,
          expiresAt: at + 60,
        },
      ]
    case 'revoke join':
      return state.joinTokens.has(id) ? [{ type: 'join-token-revoked', id }] : []
    case 'use':
      return (state.joinTokens.get(id)?.uses ?? 0) > 0
        ? [{ type: 'join-token-used', id, node: nodeId(unique) }]
        : []
  }
}

function create(id: NetworkId, at: number, unique: number): Event {
  return {
    type: 'network-created',
    at,
    id,
    project: projectId(unique % 2),
    name: `w${unique}`,
    ipv4: parseCidr(`10.${unique}.0.0/16`),
    ipv6: parseCidr(`fd00:0:${unique + 1}::/48`),
    nodePrefixLength: 24,
    topology: 'mesh',
    keyCustody: unique % 2 === 0 ? 'node' : 'controller',
  }
}

function join(state: State, network: NetworkId, node: NodeId, at: number, unique: number): Event[] {
  const slots = state.networks.get(network)?.slots
  const choice = slots && chooseSlot(slots, node, { now: at, tombstoneAge: TOMBSTONE_AGE, limit: SLOTS })
  if (!choice) return []
  const keyVersion = (state.networks.get(network)?.revision ?? 0) + 1
  const own = { network, node, at, slot: choice.slot, keyVersion }
  return [
    ...(choice.clear.length > 0
      ? [{ type: 'tombstones-cleared', network, nodes: choice.clear } as const]
      : []),
    unique % 3 === 0
      ? { type: 'member-added', ...own }
      : { type: 'member-added', ...own, publicKey: publicKey(1_000 + unique), sealedKey: 'c2VhbGVk' },
  ]
}

/** `length` bytes that end in `number`. */
function numbered(length: number, number: number): Uint8Array {
  const bytes = new Uint8Array(length)
  new DataView(bytes.buffer).setUint32(length - 4, number + 1)
  return bytes
}

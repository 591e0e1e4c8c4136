import { createHash } from 'node:crypto'
import { parseCidr } from '../../../src/address/cidr.ts'
import type { Cursor } from '../../../src/controller/push/cursor.ts'
import type { Feed } from '../../../src/controller/push/feed.ts'
import { GroupNames } from '../../../src/controller/push/group-names.ts'
import { NetworkFeeds } from '../../../src/controller/push/network-feeds.ts'
import { recordOf } from '../../../src/controller/push/record-of.ts'
import { type Identity, type NodeId, nodeIdOf } from '../../../src/keys/identity.ts'
import { systemRandom } from '../../../src/keys/random.ts'
import { SecretBytes } from '../../../src/keys/secret.ts'
import { SigningKey, type VerifyKey } from '../../../src/keys/signature.ts'
import { toBase64Url } from '../../../src/keys/text.ts'
import { type PublicKey, toPublicKey } from '../../../src/keys/wireguard.ts'
import { apply } from '../../../src/model/apply.ts'
import type { Event } from '../../../src/model/event.ts'
import { DEFAULT_PROJECT, ID_BYTES, type NetworkId, toNetworkId } from '../../../src/model/names.ts'
import type { Policy } from '../../../src/model/policy.ts'
import { emptyState, type Labels, type Network, type State } from '../../../src/model/state.ts'
import { signSelf } from '../../../src/protocol/content.ts'
import { encodeFrame } from '../../../src/protocol/frames.ts'
import { MESH, MESH_RANGE } from './population.ts'

const EXPIRES_AT = 4_000_000_000

/**
 * A network of one real member and of many that are nothing but keys, as its controller would tell it. It does not say where
 * they are: an agent never ceases to look for peers that do not answer, and would not be at rest.
 */
export class PaperMesh {
  readonly signing: SigningKey
  readonly network: NetworkId = toNetworkId(systemRandom(ID_BYTES))
  readonly #own: Identity
  readonly #feeds: NetworkFeeds
  #state: State
  #feed: Feed | undefined
  #cursor: Cursor | undefined

  constructor(own: Identity, peers: number, controller = 'controller') {
    this.#own = own
    this.signing = new SigningKey(new SecretBytes(hashOf(controller)))
    const created: Event = {
      type: 'network-created',
      at: 0,
      id: this.network,
      name: MESH,
      ipv4: parseCidr(MESH_RANGE),
      ipv6: parseCidr('fd12:3456:789a::/48'),
      nodePrefixLength: 32,
      topology: 'mesh',
      keyCustody: 'node',
      project: DEFAULT_PROJECT,
    }
    this.#state = apply(emptyState, created)
    this.#enter(own.id, own.signing.publicKey, own.memberKey(this.network, 1).publicKey)
    for (let peer = 1; peer <= peers; peer++) this.#enterPeer(peer)
    this.#feeds = new NetworkFeeds(this.#current(), {
      signing: this.signing,
      groups: new GroupNames(this.signing),
      epoch: () => 1,
      now: () => 0,
      expiresAt: () => EXPIRES_AT,
      count: () => undefined,
      node: (id) => this.#state.nodes.get(id),
      hintOf: (id) => (id === own.id ? { node: id, direct: ['198.18.0.2:51820'] } : undefined),
    })
  }

  /** The own key and place, as a frame. */
  self(): string {
    const network = this.#current()
    const [member, node] = [network.members.get(this.#own.id), this.#state.nodes.get(this.#own.id)]
    const record = member && node && recordOf(network, member, node)
    if (!record) throw new Error('The own node is no member.')
    const self = {
      network: network.id,
      epoch: 1,
      revision: record.revision,
      name: network.name,
      ipv4Range: network.ipv4,
      ipv6Range: network.ipv6,
      topology: network.topology,
      custody: network.keyCustody,
      record,
    }
    return encodeFrame({ type: 'self', ...signSelf(self, this.signing) })
  }

  /** What brings a session from where it was to where the network is. */
  news(): string {
    const feed = this.#feeds.get(this.#current(), this.#own.id)
    // Another policy may make it another: then all is told anew.
    const { frames, cursor } = feed.follow(this.#feed === feed ? this.#cursor : undefined)
    this.#feed = feed
    this.#cursor = cursor
    return frames[0]?.for(false).bytes.toString() ?? ''
  }

  /** What a session is told that comes back with everything. */
  head(): string {
    const feed = this.#feeds.get(this.#current(), this.#own.id)
    const { epoch, revision, told } = feed.end
    const { frames } = feed.follow(feed.resume({ epoch, revision, ...told }))
    return frames[0]?.for(false).bytes.toString() ?? ''
  }

  /** One more member; the frame that says so. */
  add(peer: number, labels: Labels = {}): string {
    const node = this.#enterPeer(peer, labels)
    this.#feeds.advance(this.#current(), [node])
    return this.news()
  }

  /** Another policy; the frame that says what it means for the one member. */
  limit(policy: Policy): string {
    this.#state = apply(this.#state, { type: 'network-policy-set', network: this.network, policy })
    this.#feeds.reclassify(this.#current())
    return this.news()
  }

  /** One member less. */
  remove(peer: number): string {
    const node = nodeIdOf(verifyKeyOf(peer))
    this.#state = apply(this.#state, { type: 'member-removed', network: this.network, node, at: 0 })
    this.#feeds.advance(this.#current(), [node])
    return this.news()
  }

  keyOf(peer: number): PublicKey {
    return wireguardKeyOf(peer)
  }

  #enterPeer(peer: number, labels: Labels = {}): NodeId {
    return this.#enter(nodeIdOf(verifyKeyOf(peer)), verifyKeyOf(peer), wireguardKeyOf(peer), labels)
  }

  #enter(node: NodeId, publicKey: VerifyKey, memberKey: PublicKey, labels: Labels = {}): NodeId {
    const enrolled: Event = {
      type: 'node-enrolled',
      id: node,
      name: `node-${node}`,
      publicKey,
      sealingKey: memberKey,
      labels,
      project: DEFAULT_PROJECT,
      at: 0,
    }
    const { slots } = this.#current()
    const slot = slots.tombstones.get(node)?.slot ?? slots.next
    const added: Event = {
      type: 'member-added',
      network: this.network,
      node,
      at: 0,
      keyVersion: 1,
      slot,
      publicKey: memberKey,
    }
    this.#state = [enrolled, added].reduce(apply, this.#state)
    return node
  }

  #current(): Network {
    const network = this.#state.networks.get(this.network)
    if (!network) throw new Error('There is no network.')
    return network
  }
}

function verifyKeyOf(peer: number): VerifyKey {
  return toBase64Url(hashOf(`node ${peer}`)) as VerifyKey
}

function wireguardKeyOf(peer: number): PublicKey {
  return toPublicKey(hashOf(`wireguard ${peer}`))
}

function hashOf(text: string): Uint8Array {
  return new Uint8Array(createHash('sha256').update(`weft bench ${text}`).digest())
}

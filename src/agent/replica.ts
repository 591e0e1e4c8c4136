import { type Cidr, hostRange, toBlock, toCidr } from '../address/cidr.ts'
import { WeftError } from '../errors.ts'
import type { Identity, NodeId } from '../keys/identity.ts'
import { openSeal } from '../keys/seal.ts'
import type { VerifyKey } from '../keys/signature.ts'
import { fromBase64Url } from '../keys/text.ts'
import { type KeyPair, PrivateKey, publicKeyOf } from '../keys/wireguard.ts'
import type { NetworkId } from '../model/names.ts'
import { memberKeyPlace } from '../model/place.ts'
import { type Head, openDelta, openHead, openSelf, type SelfContent } from '../protocol/content.ts'
import type { ControllerFrameOf, Hint, NetworkPosition } from '../protocol/frames.ts'
import type { MemberRecord } from '../protocol/record.ts'
import { View } from '../protocol/view.ts'
import type { Endpoint } from '../wireguard/device.ts'
import { parseEndpoint } from '../wireguard/endpoint.ts'
import type { NetworkPlan, PlannedPeer } from '../wireguard/plan.ts'

/** What a frame came to: `gap` means that something in between is missing and a snapshot has to be asked for. */
export type Taken = 'changed' | 'unchanged' | 'gap'

interface Self {
  readonly content: SelfContent
  readonly keys: KeyPair
}

/** WireGuard over IPv6 adds 80 bytes to a packet; 1,500 is the usual underlay. */
const TUNNEL_MTU = 1_420

/**
 * What this node knows of one network. It takes only what the pinned controller signed, for this node, and never
 * something older than it has; a frame that is refused changes nothing.
 */
export class Replica {
  readonly network: NetworkId
  readonly #identity: Identity
  readonly #controllerKey: VerifyKey
  readonly #hints = new Map<NodeId, Endpoint>()
  #self: Self | undefined
  #head: Head | undefined
  #view = new View()

  constructor(network: NetworkId, identity: Identity, controllerKey: VerifyKey) {
    this.network = network
    this.#identity = identity
    this.#controllerKey = controllerKey
  }

  /** Own key and places. Throws `digest-mismatch`, or `stale-revision` for what is older than known. */
  takeSelf(frame: ControllerFrameOf<'self'>): Taken {
    const content = openSelf(frame, this.#controllerKey)
    if (content.network !== this.network || content.record.node !== this.#identity.id) throw notForUs()
    const known = this.#self?.content
    if (known && isOlder(content, known)) throw stale(content, known)
    this.#self = { content, keys: this.#openKeys(content, frame.sealedKey) }
    return this.#head ? 'changed' : 'unchanged'
  }

  /** The whole set of records. */
  takeSnapshot(frame: ControllerFrameOf<'snapshot'>): Taken {
    const head = openHead(frame, this.#controllerKey)
    this.#expectNewer(head)
    const view = View.of(frame.records.map((record) => fromBase64Url(record) ?? new Uint8Array()))
    if (view.digest() !== head.digest) {
      throw new WeftError(
        'digest-mismatch',
        'The records do not add up to the digest that is signed for them.',
      )
    }
    this.#view = view
    this.#head = head
    this.#hints.clear()
    this.takeHints(frame.hints)
    return 'changed'
  }

  /** A change of the set. One that is known already does nothing, so that late and doubled frames are harmless. */
  takeDelta(frame: ControllerFrameOf<'delta'>): Taken {
    const { head, from, upserts, removals } = openDelta(frame, this.#controllerKey)
    if (head.network !== this.network) throw notForUs()
    const known = this.#head
    if (!known || head.epoch !== known.epoch) return 'gap'
    if (head.revision <= known.revision) return 'unchanged'
    if (from !== known.revision) return 'gap'
    this.#view.changeTo(head.digest, upserts, removals)
    this.#head = head
    for (const node of removals) this.#hints.delete(node)
    this.takeHints(frame.hints ?? [])
    return 'changed'
  }

  /** The word that nothing changed; it renews the time for which the plan holds. */
  takeCurrent(frame: ControllerFrameOf<'current'>): Taken {
    const head = openHead(frame, this.#controllerKey)
    this.#expectNewer(head)
    if (head.revision !== this.#head?.revision || head.digest !== this.#head.digest) return 'gap'
    this.#head = head
    return 'unchanged'
  }

  /** Where others can be reached. One that makes no sense is passed over: it is a hint. */
  takeHints(hints: readonly Hint[]): Taken {
    let taken: Taken = 'unchanged'
    for (const { node, endpoint } of hints) {
      const parsed = tryEndpoint(endpoint)
      if (!parsed || this.#hints.get(node as NodeId) === parsed) continue
      this.#hints.set(node as NodeId, parsed)
      taken = 'changed'
    }
    return taken
  }

  /** Undefined until there is something to stand on. */
  position(): NetworkPosition | undefined {
    if (!this.#self || !this.#head) return undefined
    const { network, epoch, revision, digest } = this.#head
    return { network, epoch, revision, digest }
  }

  /** Whether a removal that is signed for this point of history concerns what we have. */
  isCoveredBy(removal: { readonly epoch: number; readonly revision: number }): boolean {
    const known = this.#head ?? this.#self?.content
    return !known || !isOlder(removal, known)
  }

  /** Seconds since 1970 at which the plan becomes stale. */
  get expiresAt(): number | undefined {
    return this.#head?.expiresAt
  }

  get keys(): KeyPair | undefined {
    return this.#self?.keys
  }

  get name(): string {
    return this.#self?.content.name ?? this.network
  }

  /** The record of every other member. */
  others(): MemberRecord[] {
    return this.#view.records().filter(({ node }) => node !== this.#identity.id)
  }

  /** Of the others, those of whom it is known where they are. */
  reachable(): MemberRecord[] {
    return this.others().filter(({ node }) => this.#hints.has(node))
  }

  /** What the interface of this network has to be; undefined while something is missing. */
  plan(): NetworkPlan | undefined {
    if (!this.#self || !this.#head) return undefined
    const { record, ipv4Range, ipv6Range, name } = this.#self.content
    return {
      networkId: this.network,
      alias: `weft ${name}`,
      ranges: [ipv4Range, ipv6Range],
      mtu: TUNNEL_MTU,
      self: { addresses: [record.ipv4, record.ipv6] },
      peers: this.others().map((other) => this.#peer(other)),
    }
  }

  #peer(record: MemberRecord): PlannedPeer {
    const allowedIps = [
      subnetOf(hostRange(record.ipv4), record.ipv4PrefixLength),
      subnetOf(hostRange(record.ipv6), record.ipv6PrefixLength),
    ]
    return { publicKey: record.publicKey, allowedIps, endpoint: this.#hints.get(record.node), keepalive: 0 }
  }

  #expectNewer(head: Head): void {
    if (head.network !== this.network) throw notForUs()
    if (this.#head && isOlder(head, this.#head)) throw stale(head, this.#head)
  }

  #openKeys({ record, custody }: SelfContent, sealedKey: string | undefined): KeyPair {
    const keys =
      custody === 'node'
        ? this.#identity.memberKey(this.network, record.keyVersion)
        : this.#unseal(sealedKey ?? '', record.keyVersion)
    if (keys.publicKey === record.publicKey) return keys
    throw new WeftError('digest-mismatch', 'The private key does not belong to the certified public key.')
  }

  #unseal(sealedKey: string, keyVersion: number): KeyPair {
    const { id, sealing } = this.#identity
    const place = memberKeyPlace(this.network, id, keyVersion)
    const sealed = new Uint8Array(Buffer.from(sealedKey, 'base64'))
    const secret = openSeal(sealed, sealing.privateKey, sealing.publicKey, place)
    const privateKey = new PrivateKey(secret.expose())
    secret.forget()
    return { privateKey, publicKey: publicKeyOf(privateKey) }
  }
}

interface Point {
  readonly epoch: number
  readonly revision: number
}

function isOlder(a: Point, b: Point): boolean {
  return a.epoch < b.epoch || (a.epoch === b.epoch && a.revision < b.revision)
}

function stale(got: Point, known: Point): WeftError {
  const [a, b] = [got, known].map(({ epoch, revision }) => `${epoch}.${revision}`)
  return new WeftError('stale-revision', `Revision ${a} is older than ${b}, which this node has.`)
}

function notForUs(): WeftError {
  return new WeftError('protocol-error', 'A frame is signed for another node or network.')
}

function subnetOf(host: Cidr, prefixLength: number): Cidr {
  const { family, first } = toBlock(host)
  const below = BigInt((family === 4 ? 32 : 128) - prefixLength)
  return toCidr({ family, first: (first >> below) << below, prefixLength })
}

function tryEndpoint(text: string): Endpoint | undefined {
  try {
    return parseEndpoint(text)
  } catch {
    return undefined
  }
}

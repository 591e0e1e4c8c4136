import type { WebSocket } from 'ws'
import type { NodeId } from '../keys/identity.ts'
import type { SigningKey } from '../keys/signature.ts'
import type { NetworkId } from '../model/names.ts'
import type { Member, Network, State } from '../model/state.ts'
import { signRemoval, signSelf } from '../protocol/content.ts'
import { type ControllerFrame, encodeFrame, type NetworkPosition } from '../protocol/frames.ts'
import type { Cursor, Feed } from './feed.ts'
import { recordOf } from './feed.ts'

/** Bytes that may wait in a socket before the session is left alone until they are gone. */
const BUFFER_LIMIT = 1_048_576

/** What a session has been told of one network. */
interface Told {
  /** What the cursor counts in. It is another when the node has got another role. */
  feed: Feed | undefined
  /** Undefined: only a snapshot helps. */
  cursor: Cursor | undefined
  /** The last word on its LAN. */
  lan: Buffer | undefined
  /** Revision of the member's own record; 0 before it was told. */
  self: number
}

export interface SessionTools {
  readonly signing: SigningKey
  readonly state: () => State
  /** What this node may see of a network. */
  readonly feed: (network: NetworkId, node: NodeId) => Feed | undefined
  /** Endpoints that only the LAN of the node may know, encoded once for all on it. */
  readonly lan: (network: NetworkId, node: NodeId) => Buffer | undefined
  readonly sent: (frames: number, bytes: number) => void
}

/**
 * One authenticated agent. It keeps no queue: only how far the agent was told of each network. What is due is worked out
 * when the socket can take it, so a slow agent costs two numbers a network and delays nobody.
 */
export class Session {
  readonly node: NodeId
  readonly #socket: WebSocket
  readonly #tools: SessionTools
  readonly #told = new Map<NetworkId, Told>()
  #waiting = false

  constructor(node: NodeId, socket: WebSocket, tools: SessionTools) {
    this.node = node
    this.#socket = socket
    this.#tools = tools
  }

  /** Takes up where the agent says it stands, for each network that it is a member of. */
  resume(positions: readonly NetworkPosition[]): void {
    const state = this.#tools.state()
    const known = new Map(positions.map((position) => [position.network as NetworkId, position]))
    for (const id of state.networksOfNode.get(this.node)?.keys() ?? []) {
      this.#resumeNetwork(id, known.get(id))
      known.delete(id)
    }
    for (const [id, position] of known) this.#refute(state, id, position)
  }

  /** Starts over with a snapshot, because the agent asks for it. */
  resync(network: NetworkId): void {
    if (this.#told.has(network)) this.#told.set(network, nothingTold())
    this.flush(network)
  }

  /** Sends what is due for a network, or nothing while the socket is full. */
  flush(id: NetworkId): void {
    if (this.#isFull()) return
    const network = this.#tools.state().networks.get(id)
    const member = network?.members.get(this.node)
    if (!network || !member) return this.#leave(id, network?.revision)
    const told = this.#told.get(id) ?? nothingTold()
    this.#told.set(id, told)
    if (!member.publicKey) return this.#askForKey(network, member, told)
    const feed = this.#tools.feed(id, this.node)
    if (!feed) return
    if (told.self !== member.revision) this.#sendSelf(network, member, told)
    this.#sendContent(feed, told)
    this.#sendLan(id, told)
  }

  send(frame: ControllerFrame): void {
    this.sendBytes(Buffer.from(encodeFrame(frame)))
  }

  sendBytes(bytes: Buffer): void {
    this.#tools.sent(1, bytes.length)
    this.#socket.send(bytes, { binary: false })
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason)
  }

  #resumeNetwork(id: NetworkId, position: NetworkPosition | undefined): void {
    const state = this.#tools.state()
    const member = state.networks.get(id)?.members.get(this.node)
    const feed = this.#tools.feed(id, this.node)
    const cursor = position && feed?.resume(position)
    // An agent that has a revision has its own record of that time; what changed since then is told again.
    const self = cursor && member && member.revision <= cursor.revision ? member.revision : 0
    this.#told.set(id, { feed, cursor, self, lan: undefined })
    if (feed && cursor && cursor.touch === feed.end.touch) this.sendBytes(feed.current())
    this.flush(id)
    if (feed && cursor) this.sendBytes(feed.allHints())
  }

  /** The agent has a network that it is no member of. It is told only if our log surely knows more than the agent. */
  #refute(state: State, id: NetworkId, position: NetworkPosition): void {
    const network = state.networks.get(id)
    const isOlder = network && position.epoch === state.epoch && position.revision <= network.revision
    if (isOlder || state.deletedNetworks.has(id)) this.#leave(id, network?.revision)
  }

  #leave(network: NetworkId, revision: number | undefined): void {
    this.#told.delete(network)
    const { epoch } = this.#tools.state()
    const removal = { network, node: this.node, epoch, revision: revision ?? Number.MAX_SAFE_INTEGER }
    this.send({ type: 'removed', ...signRemoval(removal, this.#tools.signing) })
  }

  #askForKey(network: Network, member: Member, told: Told): void {
    if (told.self === member.revision) return
    told.self = member.revision
    this.send({ type: 'key-wanted', network: network.id, keyVersion: member.keyVersion })
  }

  #sendSelf(network: Network, member: Member, told: Told): void {
    const node = this.#tools.state().nodes.get(this.node)
    const record = node && recordOf(network, member, node)
    if (!record) return
    told.self = member.revision
    const self = {
      network: network.id,
      epoch: this.#tools.state().epoch,
      revision: member.revision,
      name: network.name,
      ipv4Range: network.ipv4,
      ipv6Range: network.ipv6,
      topology: network.topology,
      custody: network.keyCustody,
      record,
    }
    const signed = signSelf(self, this.#tools.signing)
    const { sealedKey } = member
    this.send(sealedKey ? { type: 'self', ...signed, sealedKey } : { type: 'self', ...signed })
  }

  #sendContent(feed: Feed, told: Told): void {
    if (told.feed !== feed) told.cursor = undefined
    const frame = feed.framesSince(told.cursor)
    told.feed = feed
    told.cursor = feed.end
    if (frame) this.sendBytes(frame)
  }

  #sendLan(network: NetworkId, told: Told): void {
    const lan = this.#tools.lan(network, this.node)
    if (lan === told.lan) return
    told.lan = lan
    if (lan) this.sendBytes(lan)
  }

  /** When the socket is full, everything is looked at again as soon as what it holds has gone out. */
  #isFull(): boolean {
    if (this.#socket.bufferedAmount <= BUFFER_LIMIT) return false
    if (this.#waiting) return true
    this.#waiting = true
    // An empty ping is queued behind all that waits, so its callback says that this has been written.
    this.#socket.ping('', false, () => {
      this.#waiting = false
      for (const id of this.#told.keys()) this.flush(id)
    })
    return true
  }
}

function nothingTold(): Told {
  return { feed: undefined, cursor: undefined, lan: undefined, self: 0 }
}

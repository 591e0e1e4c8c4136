import { addressBytes, parseAddress } from '../src/address/cidr.ts'
import { dial } from '../src/agent/dial.ts'
import { Identity, type NodeId } from '../src/keys/identity.ts'
import { systemRandom } from '../src/keys/random.ts'
import { SecretBytes } from '../src/keys/secret.ts'
import type { VerifyKey } from '../src/keys/signature.ts'
import { fromBase64Url } from '../src/keys/text.ts'
import type { NetworkId } from '../src/model/names.ts'
import { claimedNetwork, type Head, openDelta, openHead } from '../src/protocol/content.ts'
import {
  type AgentFrame,
  type ControllerFrame,
  type ControllerFrameOf,
  encodeFrame,
  type Facts,
  type Hint,
  type ResumePosition,
} from '../src/protocol/frames.ts'
import { parseJoinToken } from '../src/protocol/jointoken.ts'
import { View } from '../src/protocol/view.ts'

interface Joining {
  readonly name: string
  readonly facts?: Partial<Facts>
  readonly identity?: Identity
  /** Where the controller is, if not where the token says. */
  readonly url?: string
}

/** An agent with no interfaces that says what a test wants it to, over the real handshake, and keeps what it is told. */
export class RawAgent implements Disposable {
  readonly node: NodeId
  readonly identity: Identity
  /** All that came behind the welcome. */
  readonly frames: ControllerFrame[] = []
  readonly #controllerKey: VerifyKey
  readonly #send: (frame: AgentFrame) => void
  readonly #close: () => void
  #isClosed = false

  private constructor(
    identity: Identity,
    controllerKey: VerifyKey,
    { socket, stream }: Awaited<ReturnType<typeof dial>>,
  ) {
    this.identity = identity
    this.node = identity.id
    this.#controllerKey = controllerKey
    this.#send = (frame) => socket.send(encodeFrame(frame))
    this.#close = () => socket.terminate()
    socket.once('close', () => {
      this.#isClosed = true
    })
    this.#collect(stream).catch(() => undefined)
  }

  /** Whether the controller, or the test, has ended the session. */
  get isClosed(): boolean {
    return this.#isClosed
  }

  /** @param token the whole argument of `weft agent --join` */
  static async join(
    token: string,
    { name, facts = {}, url, identity = newIdentity() }: Joining,
  ): Promise<RawAgent> {
    const ticket = parseJoinToken(token)
    const secret = Buffer.from(ticket.secret.expose()).toString()
    const greeting = { join: { secret, name }, networks: [], facts: { ...NO_FACTS, ...facts } }
    const tools = { identity, random: systemRandom, allowPlain: false }
    const connection = await dial(url ?? ticket.urls[0] ?? '', ticket, greeting, tools)
    return new RawAgent(identity, ticket.controllerKey, connection)
  }

  /** Comes back as one that has joined, with what it says it has. */
  static async return(
    token: string,
    identity: Identity,
    networks: readonly ResumePosition[],
    facts: Partial<Facts> = {},
    url?: string,
  ): Promise<RawAgent> {
    const ticket = parseJoinToken(token)
    const greeting = { networks: [...networks], facts: { ...NO_FACTS, ...facts } }
    const tools = { identity, random: systemRandom, allowPlain: false }
    const connection = await dial(url ?? ticket.urls[0] ?? '', ticket, greeting, tools)
    return new RawAgent(identity, ticket.controllerKey, connection)
  }

  send(frame: AgentFrame): void {
    this.#send(frame)
  }

  /** Says all facts anew. */
  report(facts: Partial<Facts>): void {
    this.send({ type: 'facts', facts: { ...NO_FACTS, ...facts } })
  }

  /** Says where it sees members of a network come from, as a relay does. */
  witness(network: NetworkId, seen: readonly (readonly [agent: RawAgent, endpoint: string])[]): void {
    const entries = seen.map(([{ node }, endpoint]) => ({ network, node, endpoint }))
    this.send({ type: 'witnessed', seen: entries })
  }

  /** Shows the last head that it was told of a network. */
  prove(network: NetworkId): void {
    const frame = this.frames.findLast((one): one is ControllerFrameOf<'snapshot' | 'delta' | 'current'> =>
      ['snapshot', 'delta', 'current'].includes(one.type),
    )
    if (!frame) throw new Error('it was told nothing')
    const { type, body, signature } = frame
    this.send({ type: 'proof', network, kind: type === 'delta' ? 'delta' : 'head', body, signature })
  }

  framesOf<Type extends ControllerFrame['type']>(type: Type): ControllerFrameOf<Type>[] {
    return this.frames.filter((frame): frame is ControllerFrameOf<Type> => frame.type === type)
  }

  /** What it may see of a network by now, with every signature and digest checked. */
  view(network: NetworkId): View {
    let view = new View()
    for (const frame of this.frames) {
      const isContent = frame.type === 'snapshot' || frame.type === 'delta'
      if (!isContent || claimedNetwork(frame) !== network) continue
      if (frame.type === 'snapshot') view = this.#readSnapshot(frame)
      else this.#applyDelta(view, frame)
    }
    return view
  }

  /** What a frame says of where its network stands, if the controller signed it. */
  headOf(frame: ControllerFrameOf<'snapshot' | 'current'>): Head {
    return openHead(frame, this.#controllerKey)
  }

  /** The last word on how another member can be reached. */
  hint(network: NetworkId, node: NodeId): Hint | undefined {
    const hints = this.frames.flatMap((frame) => {
      if (frame.type === 'hints') return frame.network === network ? frame.hints : []
      const isContent = frame.type === 'snapshot' || frame.type === 'delta'
      return isContent && claimedNetwork(frame) === network ? (frame.hints ?? []) : []
    })
    return hints.findLast((hint) => hint.node === node)
  }

  /** Private endpoints of another member, as last told; undefined when the two share no LAN. */
  lan(network: NetworkId, node: NodeId): readonly string[] | undefined {
    const frames = this.framesOf('lan').filter((lan) => lan.network === network)
    const whole = frames.findLastIndex(({ part }) => !part)
    const told = frames.slice(Math.max(0, whole)).flatMap(({ hints }) => hints)
    const endpoints = told.findLast((hint) => hint.node === node)?.endpoints
    return endpoints?.length === 0 ? undefined : endpoints
  }

  /** Whether an address stands anywhere in what it was ever told, as text or as bytes of what is signed. */
  heardOf(address: string): boolean {
    const bytes = Buffer.from(addressBytes(parseAddress(address))).toString('latin1')
    return this.frames.some((frame) => {
      const signed = 'body' in frame ? [frame.body] : []
      const records = 'records' in frame ? frame.records : []
      const opened = [...signed, ...records].map((text) =>
        Buffer.from(fromBase64Url(text) ?? []).toString('latin1'),
      )
      return JSON.stringify(frame).includes(address) || opened.some((text) => text.includes(bytes))
    })
  }

  [Symbol.dispose](): void {
    this.#close()
  }

  #readSnapshot(frame: ControllerFrameOf<'snapshot'>): View {
    const records = frame.records.map((record) => fromBase64Url(record) ?? new Uint8Array())
    const view = View.of(records, fromBase64Url(frame.filter ?? ''))
    const { digest } = openHead(frame, this.#controllerKey)
    if (view.digest() !== digest) throw new Error('the records are not those that the head is for')
    return view
  }

  #applyDelta(view: View, frame: ControllerFrameOf<'delta'>): void {
    const { head, upserts, removals, filter } = openDelta(frame, this.#controllerKey)
    view.changeTo(head.digest, upserts, removals, filter)
  }

  async #collect(stream: { next(): Promise<ControllerFrame> }): Promise<never> {
    for (;;) this.frames.push(await stream.next())
  }
}

function newIdentity(): Identity {
  return new Identity(new SecretBytes(systemRandom(32)))
}

const NO_FACTS: Facts = { addresses: [], mtu: 1_500, ports: [], device: 'memory', version: '0' }

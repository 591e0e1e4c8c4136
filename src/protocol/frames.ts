import Type from 'typebox'
import { Compile } from 'typebox/compile'
import { ERROR_CODES, type ErrorCode, WeftError } from '../errors.ts'

/** The closed set of what controller and agent say to each other: JSON objects told apart by `type`. */

const Key = Type.String({ pattern: '^[A-Za-z0-9_-]{43}$' })
const Nonce = Key
const Signature = Type.String({ pattern: '^[A-Za-z0-9_-]{86}$' })
const WireGuardKey = Type.String({ pattern: '^[A-Za-z0-9+/]{43}=$' })
const NetworkId = Type.String({ pattern: '^net-[a-z2-7]{16}$' })
const NodeId = Type.String({ pattern: '^[a-z2-7]{26}$' })
const Digest = Type.String({ pattern: '^[A-Za-z0-9_-]{22}$' })
const Count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })
const Port = Type.Integer({ minimum: 0, maximum: 65_535 })
const Sentence = Type.String({ maxLength: 500 })
const Base64Url = Type.String({ pattern: '^[A-Za-z0-9_-]*$' })
const Endpoint = Type.String({ maxLength: 60 })
const Code = Type.Unsafe<ErrorCode>({ type: 'string', enum: Object.keys(ERROR_CODES) })

const frame = <Name extends string, Fields extends Record<string, Type.TSchema>>(
  type: Name,
  fields: Fields,
) => Type.Object({ type: Type.Literal(type), ...fields })

const signed = { body: Base64Url, signature: Signature }

/**
 * How a member can be reached, in the terms of topology/reach.ts. A hint and not signed: a wrong one costs a handshake,
 * never secrecy. What is usual is left out: both families, a mapping nobody witnessed, an underlay of 1,500 bytes.
 */
const Hint = Type.Object({
  node: NodeId,
  direct: Type.Array(Endpoint, { maxItems: 16 }),
  outside: Type.Optional(Endpoint),
  nat: Type.Optional(Type.Union([Type.Literal('open'), Type.Literal('cone'), Type.Literal('symmetric')])),
  families: Type.Optional(Type.Array(Type.Union([Type.Literal(4), Type.Literal(6)]))),
  /** Slot in the transit, and port for this network. */
  transit: Type.Optional(Type.Object({ slot: Count, port: Port })),
  mtu: Type.Optional(Count),
})
export type Hint = Type.Static<typeof Hint>

/** Private endpoints of a member, for those on its own LAN only; in a part of what is told, none: it is not there any more. */
const LanHint = Type.Object({ node: NodeId, endpoints: Type.Array(Endpoint, { maxItems: 16 }) })
export type LanHint = Type.Static<typeof LanHint>

/** A member key that a relay is to be a witness for. */
const Witnessed = Type.Object({ network: NetworkId, node: NodeId, publicKey: WireGuardKey })
export type Witnessed = Type.Static<typeof Witnessed>

const NetworkPosition = Type.Object({
  network: NetworkId,
  epoch: Count,
  revision: Count,
  digest: Digest,
})
export type NetworkPosition = Type.Static<typeof NetworkPosition>

/** What an agent has on its interface. */
export const AppliedPosition = Type.Object({
  ...NetworkPosition.properties,
  /** Revision of what it was told of itself; 0: that is of another epoch. Absent: of an older release. */
  self: Type.Optional(Count),
})
export type AppliedPosition = Type.Static<typeof AppliedPosition>

/** Where an agent stands in a network when it comes back, or is asked: what it has need not be told again. */
const ResumePosition = Type.Object({
  ...NetworkPosition.properties,
  /** Absent: of that network it has something, but nothing to go on from. */
  digest: Type.Optional(Digest),
  /** Revision of what it was told of itself; 0: that is of another epoch. */
  self: Type.Optional(Count),
  /** Digest of the set of hints that it was told (hints.ts). */
  hints: Type.Optional(Digest),
  /** Digest of what it was told of its LAN (lans.ts). Absent beside `digest`: it has nothing of that. */
  lan: Type.Optional(Digest),
})
export type ResumePosition = Type.Static<typeof ResumePosition>

/** What a node knows of itself and the controller cannot: short-lived, never in the log. */
const Facts = Type.Object({
  /** Addresses of its interfaces without our own, with their prefix lengths: `192.168.1.2/24`. */
  addresses: Type.Array(Type.String({ maxLength: 49 }), { maxItems: 64 }),
  /** Smallest MTU of the interfaces that have them, in bytes. */
  mtu: Count,
  /** Relays it is attached to, with what it measured. */
  relays: Type.Optional(
    Type.Array(
      Type.Object({ node: NodeId, alive: Type.Boolean(), rtt: Type.Optional(Type.Number({ minimum: 0 })) }),
      {
        maxItems: 64,
      },
    ),
  ),
  /** UDP ports by network, as really bound. */
  ports: Type.Array(Type.Object({ network: NetworkId, port: Port }), { maxItems: 1_000 }),
  device: Type.Union([Type.Literal('kernel'), Type.Literal('userspace'), Type.Literal('memory')]),
  version: Type.String({ maxLength: 40 }),
  /** Its clock when it said so, milliseconds since 1970: that of the controller may be another. */
  time: Type.Optional(Count),
  /** Why it cannot keep what it is told, by what its system says; absent: it can. What is applied goes on. */
  disk: Type.Optional(Sentence),
})
export type Facts = Type.Static<typeof Facts>

/** How one peer of the reporter looks from there. */
export const PeerReport = Type.Object({
  node: NodeId,
  /** Where its packets come from. */
  endpoint: Type.Optional(Endpoint),
  /** Seconds since the last handshake, by the reporter's clock; absent if there was none. */
  handshakeAge: Type.Optional(Count),
  rxBytes: Count,
  txBytes: Count,
  /** The path that its packets take, and the relay on it. */
  path: Type.Optional(
    Type.Union([
      Type.Literal('lan'),
      Type.Literal('direct'),
      Type.Literal('punched'),
      Type.Literal('relayed'),
    ]),
  ),
  via: Type.Optional(NodeId),
  /** Whether that path is known to work. */
  confirmed: Type.Optional(Type.Boolean()),
})
export type PeerReport = Type.Static<typeof PeerReport>

/** What is known here of a network's peers from the reports of an agent, in short. */
const KnownReports = Type.Object({ network: NetworkId, digest: Digest })
export type KnownReports = Type.Static<typeof KnownReports>

/** In which of the signed forms a proof comes. */
const ProofKind = Type.Union([Type.Literal('head'), Type.Literal('delta'), Type.Literal('self')])
export type ProofKind = Type.Static<typeof ProofKind>

const agentFrames = {
  open: frame('open', { version: Count, nodeKey: Key, nonce: Nonce }),
  hello: frame('hello', {
    signature: Signature,
    sealingKey: WireGuardKey,
    join: Type.Optional(Type.Object({ secret: Key, name: Type.String({ maxLength: 63 }) })),
    networks: Type.Array(ResumePosition, { maxItems: 1_000 }),
    facts: Facts,
    /** Whether it reads frames that are packed (packed.ts). */
    packed: Type.Optional(Type.Boolean()),
    /** Whether it reads `lan` frames that are a part (lans.ts). */
    lanParts: Type.Optional(Type.Boolean()),
    /** Whether it reads deltas with a part of a filter (filter-part.ts). */
    filterParts: Type.Optional(Type.Boolean()),
  }),
  /** Something that the controller signed and that its log contradicts: the log is not the one that was told from. */
  proof: frame('proof', { network: NetworkId, kind: ProofKind, ...signed }),
  key: frame('key', { network: NetworkId, keyVersion: Count, publicKey: WireGuardKey }),
  applied: frame('applied', { ...AppliedPosition.properties, took: Type.Number({ minimum: 0 }) }),
  refused: frame('refused', {
    network: NetworkId,
    epoch: Count,
    revision: Count,
    code: Code,
    reason: Sentence,
  }),
  /** The answer to `compare`: all that it has, as at the beginning of a session. */
  have: frame('have', {
    networks: Type.Array(ResumePosition, { maxItems: 1_000 }),
    facts: Facts,
    /** Of the list that it was told as a relay (`witnessDigest`); absent: it has none. */
    witnesses: Type.Optional(Digest),
  }),
  /** With a position: what is new since then. Without: everything. */
  resync: frame('resync', { network: NetworkId, position: Type.Optional(ResumePosition) }),
  facts: frame('facts', { facts: Facts }),
  report: frame('report', {
    network: NetworkId,
    peers: Type.Array(PeerReport, { maxItems: 20_000 }),
    /** What was found changed by hand and put right, in words. */
    drift: Type.Array(Sentence, { maxItems: 100 }),
  }),
  /** Where a relay sees members come from. */
  witnessed: frame('witnessed', {
    seen: Type.Array(Type.Object({ network: NetworkId, node: NodeId, endpoint: Endpoint }), {
      maxItems: 500,
    }),
  }),
}

const controllerFrames = {
  challenge: frame('challenge', { nonce: Nonce, key: Key, signature: Signature }),
  welcome: frame('welcome', { node: NodeId, heartbeatSeconds: Type.Number({ minimum: 0.05, maximum: 300 }) }),
  farewell: frame('farewell', { signature: Signature }),
  self: frame('self', { ...signed, sealedKey: Type.Optional(Type.String({ maxLength: 200 })) }),
  /** That what the agent has is what there is: its records by the head, its hints by the digest of their set. */
  current: frame('current', { ...signed, hints: Type.Optional(Digest) }),
  snapshot: frame('snapshot', {
    ...signed,
    records: Type.Array(Base64Url),
    hints: Type.Array(Hint),
    /** What is let in from them; absent: everything. */
    filter: Type.Optional(Base64Url),
  }),
  delta: frame('delta', {
    ...signed,
    hints: Type.Optional(Type.Array(Hint)),
    lost: Type.Optional(Type.Array(NodeId)),
    /** How the filter changed, where it is not in the body as a whole (filter-part.ts). */
    filterPart: Type.Optional(Base64Url),
  }),
  /** `whole`: what is not in it is not told any more. `lost`: nor is where these members are, who left and came back. */
  hints: frame('hints', {
    network: NetworkId,
    hints: Type.Array(Hint),
    lost: Type.Optional(Type.Array(NodeId)),
    whole: Type.Optional(Type.Literal(true)),
  }),
  /**
   * Who else is on the LAN of a member, and how it can be reached itself if it is not told with all. It may be named itself,
   * so that all on a LAN are told with the same bytes. `part`: what is not in it stays as it is.
   */
  lan: frame('lan', {
    network: NetworkId,
    hints: Type.Array(LanHint),
    own: Type.Optional(Hint),
    part: Type.Optional(Type.Literal(true)),
  }),
  witness: frame('witness', signed),
  removed: frame('removed', signed),
  'key-wanted': frame('key-wanted', { network: NetworkId, keyVersion: Count }),
  /** Asks what the agent has, and says what is known of it here: each end mends what it was wrong about. */
  compare: frame('compare', { reports: Type.Array(KnownReports, { maxItems: 1_000 }) }),
  /** The agent claims to be ahead of the log: it is to show what it has that from. */
  prove: frame('prove', { network: NetworkId }),
  drain: frame('drain', { reconnectWithin: Count }),
  error: frame('error', { code: Code, message: Sentence }),
}

type FrameOf<Frames extends Record<string, Type.TSchema>> = {
  [Name in keyof Frames]: Type.Static<Frames[Name]>
}[keyof Frames]

export type AgentFrame = FrameOf<typeof agentFrames>
export type ControllerFrame = FrameOf<typeof controllerFrames>
export type AgentFrameOf<Name extends AgentFrame['type']> = Extract<AgentFrame, { type: Name }>
export type ControllerFrameOf<Name extends ControllerFrame['type']> = Extract<ControllerFrame, { type: Name }>

const agentCheckers = checkers(agentFrames)
const controllerCheckers = checkers(controllerFrames)

/** The frame that an agent sent. Throws `protocol-error`, which names the type and the field, for anything else. */
export function parseAgentFrame(text: string): AgentFrame {
  return checkFrame<AgentFrame>(parseObject(text), agentCheckers)
}

/** The frame that a controller sent. Throws `protocol-error`, which names the type and the field, for anything else. */
export function parseControllerFrame(text: string): ControllerFrame {
  return checkControllerFrame(parseObject(text))
}

/** The same of one that is put together. */
export function checkControllerFrame(value: { readonly type?: unknown }): ControllerFrame {
  return checkFrame<ControllerFrame>(value, controllerCheckers)
}

/** A frame as it is sent. */
export function encodeFrame(frame: AgentFrame | ControllerFrame): string {
  return JSON.stringify(frame)
}

/** Why `value` is not this frame, or undefined when it is. */
type Checker = (value: unknown) => string | undefined

function checkers(frames: Record<string, Type.TSchema>): ReadonlyMap<string, Checker> {
  return new Map(
    Object.entries(frames).map(([name, schema]) => {
      // Each when its first frame comes: all of them together would take long at a start.
      let compiled: ReturnType<typeof Compile> | undefined
      const check: Checker = (value) => {
        compiled ??= Compile(schema)
        if (compiled.Check(value)) return undefined
        const [first] = compiled.Errors(value)
        return `${first?.instancePath || name} ${first?.message ?? 'is wrong'}`
      }
      return [name, check]
    }),
  )
}

function checkFrame<Frame>(value: { readonly type?: unknown }, checks: ReadonlyMap<string, Checker>): Frame {
  const check = checks.get(String(value.type))
  if (!check) throw new WeftError('protocol-error', 'The frame has an unknown type.')
  const fault = check(value)
  if (fault) throw new WeftError('protocol-error', `The ${String(value.type)} frame is malformed: ${fault}.`)
  return value as Frame
}

function parseObject(text: string): { readonly type?: unknown } {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return value
  } catch {
    // Said below, together with JSON that is no object.
  }
  throw new WeftError('protocol-error', 'The frame is not a JSON object.')
}

import { addressBytes, type Cidr, toAddress, toBlock, toCidr } from '../address/cidr.ts'
import { WeftError } from '../errors.ts'
import { type NodeId, nodeIdBytes, toNodeId } from '../keys/identity.ts'
import { type SigningDomain, type SigningKey, type VerifyKey, verifySignature } from '../keys/signature.ts'
import { fromBase64Url, toBase64Url } from '../keys/text.ts'
import { type PublicKey, publicKeyBytes, toPublicKey } from '../keys/wireguard.ts'
import { ID_BYTES, type NetworkId, networkIdBytes, toNetworkId } from '../model/names.ts'
import type { Topology } from '../model/state.ts'
import { ByteReader, ByteWriter } from './bytes.ts'
import { decodeRecord, encodeRecord, type MemberRecord, readAddress } from './record.ts'

/** Bytes and the signature over them, as they travel: nothing is serialised again to be verified. */
export interface Signed {
  /** base64url */
  readonly body: string
  /** base64url, 64 bytes */
  readonly signature: string
}

/** Where a network stands. It vouches for a whole set of records by the set's digest. */
export interface Head {
  readonly network: NetworkId
  readonly epoch: number
  readonly revision: number
  /** Of the set of encoded records and the filter (view.ts). */
  readonly digest: string
  /** Seconds since 1970; afterwards the plan is stale: keep running, and tell. */
  readonly expiresAt: number
}

/** How the set of records changed from one revision to the head's. */
export interface Delta {
  readonly head: Head
  readonly from: number
  /** Encoded records, new or in place of those of the same node. */
  readonly upserts: readonly Uint8Array[]
  readonly removals: readonly NodeId[]
  /** Encoded, in place of the one that was there (view.ts); absent: that stays. */
  readonly filter?: Uint8Array
}

/** What a member is told of itself and its network. */
export interface SelfContent {
  readonly network: NetworkId
  readonly epoch: number
  readonly revision: number
  readonly name: string
  readonly ipv4Range: Cidr
  readonly ipv6Range: Cidr
  readonly topology: Topology
  readonly custody: 'controller' | 'node'
  readonly record: MemberRecord
}

/** By these numbers they travel. */
const TOPOLOGIES: readonly Topology[] = ['mesh', 'hub', 'sites', 'transit']

/** A point in the history of a network: an epoch that is raised begins it anew. */
export interface Point {
  readonly epoch: number
  readonly revision: number
}

/** A member is told that it is one no longer, as of a point. */
export interface Removal extends Point {
  readonly network: NetworkId
  readonly node: NodeId
}

/** What a relay is to be a witness of. */
export interface WitnessList {
  /** The relay. */
  readonly node: NodeId
  /** Whether this is the whole list, and not what is to be added and taken away. */
  readonly whole: boolean
  readonly added: readonly WitnessedMember[]
  readonly removed: readonly PublicKey[]
}

export interface WitnessedMember {
  readonly network: NetworkId
  readonly node: NodeId
  readonly publicKey: PublicKey
}

export function signHead(head: Head, key: SigningKey): Signed {
  return signBody(writeHead(new ByteWriter(), head).finish(), 'weft/1 head', key)
}

export function signDelta(delta: Delta, key: SigningKey): Signed {
  const writer = writeHead(new ByteWriter(), delta.head).number(delta.from).number(delta.upserts.length)
  for (const record of delta.upserts) writer.block(record)
  writer.number(delta.removals.length)
  for (const node of delta.removals) writer.raw(nodeIdBytes(node))
  if (delta.filter) writer.block(delta.filter)
  return signBody(writer.finish(), 'weft/1 delta', key)
}

export function signSelf(self: SelfContent, key: SigningKey): Signed {
  const writer = new ByteWriter()
    .raw(networkIdBytes(self.network))
    .number(self.epoch)
    .number(self.revision)
    .text(self.name)
  writeCidr(writer, self.ipv4Range)
  writeCidr(writer, self.ipv6Range)
  writer.number(TOPOLOGIES.indexOf(self.topology))
  writer.number(self.custody === 'node' ? 1 : 0).block(encodeRecord(self.record))
  return signBody(writer.finish(), 'weft/1 self', key)
}

export function signRemoval(removal: Removal, key: SigningKey): Signed {
  const body = new ByteWriter()
    .raw(networkIdBytes(removal.network))
    .raw(nodeIdBytes(removal.node))
    .number(removal.epoch)
    .number(removal.revision)
  return signBody(body.finish(), 'weft/1 removal', key)
}

export function signWitnessList(list: WitnessList, key: SigningKey): Signed {
  const writer = new ByteWriter().raw(nodeIdBytes(list.node)).number(list.whole ? 1 : 0)
  writer.number(list.added.length)
  for (const { network, node, publicKey } of list.added) {
    writer.raw(networkIdBytes(network)).raw(nodeIdBytes(node)).raw(publicKeyBytes(publicKey))
  }
  writer.number(list.removed.length)
  for (const publicKey of list.removed) writer.raw(publicKeyBytes(publicKey))
  return signBody(writer.finish(), 'weft/1 witness', key)
}

/** Each opener verifies before it reads. Rejects with `digest-mismatch` for a signature that is not the controller's. */
export function openHead(signed: Signed, key: VerifyKey): Head {
  return openBody(signed, 'weft/1 head', key, readHead)
}

export function openDelta(signed: Signed, key: VerifyKey): Delta {
  return openBody(signed, 'weft/1 delta', key, (reader) => {
    const head = readHead(reader)
    const from = reader.number()
    const upserts = Array.from({ length: reader.number(signed.body.length) }, () => reader.block())
    const removals = Array.from({ length: reader.number(signed.body.length) }, () => readNode(reader))
    const rest = { head, from, upserts, removals }
    return reader.hasMore ? { ...rest, filter: reader.block() } : rest
  })
}

export function openSelf(signed: Signed, key: VerifyKey): SelfContent {
  return openBody(signed, 'weft/1 self', key, (reader) => ({
    network: readNetwork(reader),
    epoch: reader.number(),
    revision: reader.number(),
    name: reader.text(),
    ipv4Range: readCidr(reader, 4),
    ipv6Range: readCidr(reader, 16),
    topology: TOPOLOGIES[reader.number(TOPOLOGIES.length - 1)] ?? 'mesh',
    custody: reader.number(1) === 1 ? 'node' : 'controller',
    record: decodeRecord(reader.block()),
  }))
}

export function openRemoval(signed: Signed, key: VerifyKey): Removal {
  return openBody(signed, 'weft/1 removal', key, (reader) => ({
    network: readNetwork(reader),
    node: readNode(reader),
    epoch: reader.number(),
    revision: reader.number(),
  }))
}

export function openWitnessList(signed: Signed, key: VerifyKey): WitnessList {
  return openBody(signed, 'weft/1 witness', key, (reader) => ({
    node: readNode(reader),
    whole: reader.number(1) === 1,
    added: Array.from({ length: reader.number(signed.body.length) }, () => ({
      network: readNetwork(reader),
      node: readNode(reader),
      publicKey: toPublicKey(reader.raw(KEY_BYTES)),
    })),
    removed: Array.from({ length: reader.number(signed.body.length) }, () =>
      toPublicKey(reader.raw(KEY_BYTES)),
    ),
  }))
}

function signBody(body: Uint8Array, domain: SigningDomain, key: SigningKey): Signed {
  return { body: toBase64Url(body), signature: toBase64Url(key.sign(domain, body)) }
}

function openBody<Content>(
  signed: Signed,
  domain: SigningDomain,
  key: VerifyKey,
  read: (reader: ByteReader) => Content,
): Content {
  const body = fromBase64Url(signed.body)
  const signature = fromBase64Url(signed.signature)
  if (!body || !signature || !verifySignature(key, domain, body, signature)) {
    throw new WeftError('digest-mismatch', 'A frame is not signed by the pinned controller key.')
  }
  const reader = new ByteReader(body)
  const content = read(reader)
  reader.end()
  return content
}

const DIGEST_BYTES = 16
const KEY_BYTES = 32

function writeHead(writer: ByteWriter, head: Head): ByteWriter {
  return writer
    .raw(networkIdBytes(head.network))
    .number(head.epoch)
    .number(head.revision)
    .raw(fromBase64Url(head.digest) ?? new Uint8Array(DIGEST_BYTES))
    .number(head.expiresAt)
}

function readHead(reader: ByteReader): Head {
  return {
    network: readNetwork(reader),
    epoch: reader.number(),
    revision: reader.number(),
    digest: toBase64Url(reader.raw(DIGEST_BYTES)),
    expiresAt: reader.number(),
  }
}

function readNetwork(reader: ByteReader): NetworkId {
  return toNetworkId(reader.raw(ID_BYTES))
}

function readNode(reader: ByteReader): NodeId {
  return toNodeId(reader.raw(16))
}

function writeCidr(writer: ByteWriter, cidr: Cidr): void {
  const { family, first, prefixLength } = toBlock(cidr)
  writer.raw(addressBytes(toAddress(family, first))).number(prefixLength)
}

function readCidr(reader: ByteReader, length: 4 | 16): Cidr {
  const { family, first } = toBlock(readAddress(reader, length))
  return toCidr({ family, first, prefixLength: reader.number(length * 8) })
}

/** Characters of a body, four for three bytes, in which a network is. */
const CLAIM_LENGTH = Math.ceil(ID_BYTES / 3) * 4

/** The network that a signed body says it is for. Not verified: good for finding out who is to verify it. */
export function claimedNetwork(signed: Signed): NetworkId {
  // It stands at the beginning, and a snapshot's body or a delta's may be long.
  return readNetwork(new ByteReader(fromBase64Url(signed.body.slice(0, CLAIM_LENGTH)) ?? new Uint8Array()))
}

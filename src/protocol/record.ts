import type { Address } from '../address/cidr.ts'
import { addressBytes, addressFromBytes } from '../address/cidr.ts'
import { WeftError } from '../errors.ts'
import { type NodeId, nodeIdBytes, toNodeId } from '../keys/identity.ts'
import { type PublicKey, publicKeyBytes, toPublicKey } from '../keys/wireguard.ts'
import type { Role } from '../model/state.ts'
import { ByteReader, ByteWriter } from './bytes.ts'
import { type Group, NO_GROUP, readGroup, writeGroup } from './group.ts'

/** What other members have to know of a member: its key and its places. Signed as part of a head's set. */
export interface MemberRecord {
  readonly node: NodeId
  readonly publicKey: PublicKey
  readonly keyVersion: number
  readonly ipv4: Address
  readonly ipv4PrefixLength: number
  readonly ipv6: Address
  readonly ipv6PrefixLength: number
  /** Revision of the network at which the member last changed. */
  readonly revision: number
  /** Allowed IPs follow from these in some topologies, so they are signed like the addresses. */
  readonly roles: readonly Role[]
  /** Where the node stands; empty if nobody said. */
  readonly site: string
  /** What the filters of others call it. */
  readonly group: Group
}

const NODE_ID_BYTES = 16
const KEY_BYTES = 32

/** Bit 0 is the first, and so on. */
const ROLES: readonly Role[] = ['gateway', 'hub', 'relay']

/**
 * About 75 bytes: node, key, key version, IPv4, its prefix, IPv6, its prefix, revision, roles, site, and the group where
 * there is one.
 */
export function encodeRecord(record: MemberRecord): Uint8Array {
  const writer = new ByteWriter()
    .raw(nodeIdBytes(record.node))
    .raw(publicKeyBytes(record.publicKey))
    .number(record.keyVersion)
    .raw(addressBytes(record.ipv4))
    .number(record.ipv4PrefixLength)
    .raw(addressBytes(record.ipv6))
    .number(record.ipv6PrefixLength)
    .number(record.revision)
    .number(ROLES.reduce((bits, role, at) => bits | (record.roles.includes(role) ? 1 << at : 0), 0))
    .text(record.site)
  if (record.group !== NO_GROUP) writeGroup(writer, record.group)
  return writer.finish()
}

export function decodeRecord(bytes: Uint8Array): MemberRecord {
  const reader = new ByteReader(bytes)
  const record: MemberRecord = {
    node: toNodeId(reader.raw(NODE_ID_BYTES)),
    publicKey: toPublicKey(reader.raw(KEY_BYTES)),
    keyVersion: reader.number(),
    ipv4: readAddress(reader, 4),
    ipv4PrefixLength: reader.number(32),
    ipv6: readAddress(reader, 16),
    ipv6PrefixLength: reader.number(128),
    revision: reader.number(),
    roles: rolesIn(reader.number((1 << ROLES.length) - 1)),
    site: reader.text(),
    group: reader.hasMore ? readGroup(reader) : NO_GROUP,
  }
  reader.end()
  return record
}

function rolesIn(bits: number): Role[] {
  return ROLES.filter((_, at) => bits & (1 << at))
}

/** @param length 4 for IPv4, 16 for IPv6 */
export function readAddress(reader: ByteReader, length: 4 | 16): Address {
  const address = addressFromBytes(reader.raw(length))
  if (address) return address
  throw new WeftError('protocol-error', 'A signed body holds an address that is none.')
}

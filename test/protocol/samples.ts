import { parseAddress, parseCidr } from '../../src/address/cidr.ts'
import { type NodeId, toNodeId } from '../../src/keys/identity.ts'
import { SecretBytes } from '../../src/keys/secret.ts'
import { SigningKey } from '../../src/keys/signature.ts'
import { toPublicKey } from '../../src/keys/wireguard.ts'
import { type NetworkId, toNetworkId } from '../../src/model/names.ts'
import type { Head, SelfContent } from '../../src/protocol/content.ts'
import { NO_GROUP } from '../../src/protocol/group.ts'
import { encodeRecord, type MemberRecord } from '../../src/protocol/record.ts'
import { View } from '../../src/protocol/view.ts'

/** The controller of the samples, and one that nobody pinned. */
export const controllerKey = new SigningKey(new SecretBytes(new Uint8Array(32).fill(1)))
export const otherKey = new SigningKey(new SecretBytes(new Uint8Array(32).fill(2)))

export const network: NetworkId = toNetworkId(new Uint8Array(10).fill(7))

export function nodeId(number: number): NodeId {
  return toNodeId(new Uint8Array(16).fill(number))
}

/** Member `number` (1 to 255) of the sample network 10.1.0.0/16. */
export function record(number: number, revision = number + 1): MemberRecord {
  return {
    node: nodeId(number),
    publicKey: toPublicKey(new Uint8Array(32).fill(number)),
    keyVersion: 1,
    ipv4: parseAddress(`10.1.${number}.1`),
    ipv4PrefixLength: 24,
    ipv6: parseAddress(`fd00:0:1:${number.toString(16)}::1`),
    ipv6PrefixLength: 64,
    revision,
    roles: [],
    site: '',
    group: NO_GROUP,
  }
}

export function encoded(number: number, revision?: number): Uint8Array {
  return encodeRecord(record(number, revision))
}

/** The head over the records of these members. */
export function head(revision: number, members: readonly number[], epoch = 1): Head {
  const digest = View.of(members.map((number) => encoded(number))).digest()
  return { network, epoch, revision, digest, expiresAt: 2_000_000_000 }
}

export function selfContent(own: MemberRecord, revision = own.revision): SelfContent {
  return {
    network,
    epoch: 1,
    revision,
    name: 'demo',
    ipv4Range: parseCidr('10.1.0.0/16'),
    ipv6Range: parseCidr('fd00:0:1::/48'),
    topology: 'mesh',
    custody: 'controller',
    record: own,
  }
}

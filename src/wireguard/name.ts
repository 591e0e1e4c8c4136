import { createHash } from 'node:crypto'
import { canonicalFields } from '../keys/fields.ts'
import type { NodeId } from '../keys/identity.ts'
import { toBase32 } from '../keys/text.ts'
import type { NetworkId } from '../model/names.ts'
import type { InterfaceName } from './device.ts'

/** All our interface names begin with it: what `DeviceDriver.list` is asked for. */
export const INTERFACE_PREFIX = 'wf'
/** 50 bits: among 10,000 interfaces of one machine, two share a name with a chance of 1 in 20 million. */
const HASH_CHARACTERS = 10

/**
 * The interface of a node in a network, `wf` and 10 characters of base32. Unique on a machine even over its network
 * namespaces, because wireguard-go's control sockets are shared by them.
 */
export function interfaceName(node: NodeId, network: NetworkId): InterfaceName {
  const hash = createHash('sha256')
    .update(canonicalFields('weft/1 interface', node, network))
    .digest()
  return (INTERFACE_PREFIX + toBase32(hash).slice(0, HASH_CHARACTERS)) as InterfaceName
}

/** `text` as an interface name, or undefined when it is none that we would make. */
export function parseInterfaceName(text: string): InterfaceName | undefined {
  return /^[a-z][a-z0-9]{0,14}$/.test(text) ? (text as InterfaceName) : undefined
}

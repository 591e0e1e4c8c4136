import { parseAddress, parseCidr } from '../../src/address/cidr.ts'
import { createKeyPair, type KeyPair, type PublicKey } from '../../src/keys/wireguard.ts'
import { ID_BYTES, toNetworkId } from '../../src/model/names.ts'
import type { InterfaceName } from '../../src/wireguard/device.ts'
import { parseInterfaceName } from '../../src/wireguard/name.ts'
import type { NetworkPlan, PlannedPeer } from '../../src/wireguard/plan.ts'

/** The same pair for the same number. */
export function keyPair(number: number): KeyPair {
  return createKeyPair((length) => {
    const bytes = new Uint8Array(length).fill(7)
    new DataView(bytes.buffer).setUint32(8, number)
    return bytes
  })
}

export function publicKey(number: number): PublicKey {
  return keyPair(number).publicKey
}

export function interfaceNamed(text: string): InterfaceName {
  const name = parseInterfaceName(text)
  if (!name) throw new RangeError(`${text} is no name of an interface`)
  return name
}

/** Member `number` as a peer: its key and its subnets in `demoPlan`. Up to 65,535. */
export function peer(number: number, more: Partial<PlannedPeer> = {}): PlannedPeer {
  const subnet4 = parseCidr(`10.${number >> 8}.${number & 255}.0/24`)
  const subnet6 = parseCidr(`fd12:3456:789a:${number.toString(16)}::/64`)
  return { publicKey: publicKey(number), allowedIps: [subnet4, subnet6], keepalive: 0, ...more }
}

/** What member `self` of a network of 10.0.0.0/8 has to have. */
export function demoPlan(self: number, peers: readonly PlannedPeer[]): NetworkPlan {
  const own4 = parseAddress(`10.${self >> 8}.${self & 255}.1`)
  const own6 = parseAddress(`fd12:3456:789a:${self.toString(16)}::1`)
  return {
    networkId: toNetworkId(new Uint8Array(ID_BYTES)),
    alias: 'weft demo',
    ranges: [parseCidr('10.0.0.0/8'), parseCidr('fd12:3456:789a::/48')],
    mtu: 1420,
    self: { addresses: [own4, own6] },
    peers,
  }
}

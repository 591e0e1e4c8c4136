import assert from 'node:assert/strict'
import type { Member } from '../../src/api/schemas/member.ts'
import type { Network } from '../../src/api/schemas/network.ts'
import { parseNodeId } from '../../src/keys/identity.ts'
import type { Host } from '../../src/lab/host.ts'
import { parseNetworkId } from '../../src/model/names.ts'
import type { InterfaceName } from '../../src/wireguard/device.ts'
import { parseDump, type WireGuardFacts } from '../../src/wireguard/dump.ts'
import { INTERFACE_PREFIX, interfaceName, parseInterfaceName } from '../../src/wireguard/name.ts'

/** The interface that a member has on its host. */
export function interfaceOf({ id }: Pick<Network, 'id'>, { node }: Pick<Member, 'node'>): InterfaceName {
  const [nodeId, networkId] = [parseNodeId(node), parseNetworkId(id)]
  assert.ok(nodeId && networkId)
  return interfaceName(nodeId, networkId)
}

/** What WireGuard says of an interface. */
export async function wireguardOf(host: Host, name: InterfaceName): Promise<WireGuardFacts> {
  return parseDump(await host.exec('wg', ['show', name, 'dump']))
}

/** The private key of an interface, as `wg` prints it. */
export async function privateKeyOn(host: Host, name: InterfaceName): Promise<Buffer> {
  return Buffer.from((await host.exec('wg', ['show', name, 'private-key'])).trim(), 'base64')
}

/** Names of all interfaces of a host that an agent may have made. */
export async function tunnelsOn(host: Host): Promise<InterfaceName[]> {
  const links: { readonly ifname: string }[] = JSON.parse(await host.exec('ip', ['-j', 'link', 'show']))
  return links.flatMap(({ ifname }) => {
    const name = parseInterfaceName(ifname)
    return name?.startsWith(INTERFACE_PREFIX) ? [name] : []
  })
}

/** What an interface is beside WireGuard: its addresses, sorted, without those that the kernel made. */
export async function linkOf(
  host: Host,
  name: InterfaceName,
): Promise<{ readonly mtu: number; readonly addresses: readonly string[] }> {
  const [link]: Link[] = JSON.parse(await host.exec('ip', ['-j', 'address', 'show', 'dev', name]))
  assert.ok(link)
  const given = link.addr_info.filter(({ scope }) => scope === 'global')
  return { mtu: link.mtu, addresses: given.map(({ local }) => local).sort() }
}

/** The part of what `ip -j address` prints that is of use here. */
interface Link {
  readonly mtu: number
  readonly addr_info: readonly { readonly local: string; readonly scope: string }[]
}

import { readdir, readFile, writeFile } from 'node:fs/promises'
import type { Family } from '../address/number.ts'
import { WeftError } from '../errors.ts'
import type { InterfaceName } from './device.ts'

/**
 * Whether this machine hands on IPv6 packets, which is one switch for all its interfaces: if not, the gate of an interface
 * has to be a guard before `startForwarding`. Rejects with `unsupported` on a machine without IPv6.
 */
export async function forwardsIpv6(): Promise<boolean> {
  return (await read(ALL_IPV6)) !== '0'
}

/**
 * Lets an interface hand on packets of a family; what may pass is up to its gate, which has to be there before. A machine
 * that gets its IPv6 routes from its router keeps them. Rejects with `unsupported` where settings cannot be changed.
 */
export async function startForwarding(family: Family, name: InterfaceName): Promise<void> {
  if (family === 4) return write(ipv4Switch(name), '1')
  if (await forwardsIpv6()) return
  await keepRouters()
  await write(ALL_IPV6, '1')
}

/** The reverse, for IPv6 only right where this program started it: other interfaces may need it. */
export async function stopForwarding(family: Family, name: InterfaceName): Promise<void> {
  await write(family === 4 ? ipv4Switch(name) : ALL_IPV6, '0')
}

const IPV6 = '/proc/sys/net/ipv6/conf'
const ALL_IPV6 = `${IPV6}/all/forwarding`

/** IPv4 has a switch for each interface by which packets come in. */
function ipv4Switch(name: InterfaceName): string {
  return `/proc/sys/net/ipv4/conf/${name}/forwarding`
}

/**
 * With `accept_ra` 1 the kernel forgets the routers it knows, and hears no more of them, once it forwards; with 2 it goes
 * on as before (ip-sysctl.rst). Also for the interfaces to come, which begin as `default`.
 */
async function keepRouters(): Promise<void> {
  for (const name of await readdir(IPV6)) {
    const path = `${IPV6}/${name}/accept_ra`
    if (name !== 'all' && (await read(path)) === '1') await write(path, '2')
  }
}

async function read(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).trim()
  } catch (cause) {
    throw new WeftError('unsupported', `This machine has no setting ${settingOf(path)}.`, {
      advice: 'Check that IPv6 is not switched off, and that the interface exists.',
      cause,
    })
  }
}

async function write(path: string, value: string): Promise<void> {
  if ((await read(path)) === value) return
  try {
    await writeFile(path, value)
  } catch (cause) {
    const wanted = `${settingOf(path)}=${value}`
    throw new WeftError('unsupported', `The setting ${wanted} cannot be made from here.`, {
      advice: `Make it on the machine by: sysctl -w ${wanted}. For a container, start it with --sysctl ${wanted}.`,
      cause,
    })
  }
}

/** As sysctl(8) calls it. */
function settingOf(path: string): string {
  return path.replace('/proc/sys/', '').replaceAll('/', '.')
}

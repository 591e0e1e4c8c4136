import { existsSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { type ErrorCode, WeftError } from '../errors.ts'
import { newDevice, toolDevice } from './apply.ts'
import type { DeviceDriver, InterfaceName } from './device.ts'
import { parseLinks } from './interface.ts'
import { parseInterfaceName } from './name.ts'
import { locate, run } from './run.ts'

/**
 * The driver of this machine: `auto` takes WireGuard in the kernel where there is one, else wireguard-go. It sees the
 * network namespace that this process is in. Rejects with `unsupported` when something is missing, saying what.
 */
export async function createDriver(kind: 'auto' | 'kernel' | 'userspace'): Promise<DeviceDriver> {
  locate('ip')
  locate('wg')
  if (kind !== 'userspace' && (await kernelHasWireGuard())) return driverOf('kernel', addToKernel)
  if (kind === 'kernel') {
    throw new WeftError('unsupported', 'The kernel of this machine has no WireGuard.', {
      advice: 'Load its module by: modprobe wireguard. Or use wireguard-go.',
    })
  }
  locate('wireguard-go')
  if (existsSync('/dev/net/tun')) return driverOf('userspace', startUserspace)
  throw new WeftError('unsupported', 'There is no /dev/net/tun, which wireguard-go needs.', {
    advice: 'Load the kernel module tun, or let the container use /dev/net/tun.',
  })
}

/** The type keeps other names away; this is the second lock, for a name becomes an argument and part of a path. */
function mustBeName(name: InterfaceName): void {
  if (parseInterfaceName(name)) return
  throw new WeftError('invalid-input', `${JSON.stringify(name)} is no name of an interface of ours.`)
}

type Maker = (name: InterfaceName) => Promise<void>

function driverOf(kind: 'kernel' | 'userspace', make: Maker): DeviceDriver {
  return {
    kind,
    async open(name) {
      mustBeName(name)
      const found = isAbsent(name) ? undefined : (await links()).get(name)
      if (found !== undefined) {
        await mustBeWireGuard(name, found)
        return toolDevice(name)
      }
      await make(name)
      return newDevice(name)
    },
    async list(prefix) {
      const all = [...(await links())].filter(([name, found]) => name.startsWith(prefix) && KINDS.has(found))
      return all.map(([name]) => name).sort()
    },
    remove,
  }
}

/** Kinds of interfaces that may be ours; `tun` is what wireguard-go makes. */
const KINDS: ReadonlySet<string> = new Set(['wireguard', 'tun'])

/** Whether this network namespace (proc_pid_net(5)) surely has no such interface; `ip` would be one more program to wait for. */
function isAbsent(name: InterfaceName): boolean {
  try {
    const lines = readFileSync('/proc/self/net/dev', 'utf8').split('\n')
    return lines.every((line) => !line.trimStart().startsWith(`${name}:`))
  } catch {
    return false
  }
}

async function links(): Promise<ReadonlyMap<InterfaceName, string>> {
  return parseLinks(await run('ip', ['-j', '-d', 'link', 'show']))
}

/** Tries it, which also makes the kernel load its module. */
async function kernelHasWireGuard(): Promise<boolean> {
  const probe = `weft${process.pid}`
  try {
    await run('ip', ['link', 'add', 'dev', probe, 'type', 'wireguard'])
  } catch (error) {
    if (hasCode(error, 'unsupported')) return false
    // A process of this number was killed while it tried.
    if (!hasCode(error, 'already-exists')) throw error
  }
  await run('ip', ['link', 'delete', 'dev', probe])
  return true
}

function hasCode(error: unknown, code: ErrorCode): boolean {
  return error instanceof WeftError && error.code === code
}

async function addToKernel(name: InterfaceName): Promise<void> {
  await run('ip', ['link', 'add', 'dev', name, 'type', 'wireguard'])
}

/** wireguard-go goes to the background by itself, and replaces the socket that one which was killed has left. */
async function startUserspace(name: InterfaceName): Promise<void> {
  await run('wireguard-go', [name], { detached: true })
  await mustAnswer(name)
}

async function mustBeWireGuard(name: InterfaceName, kind: string): Promise<void> {
  if (kind === 'tun') return mustAnswer(name)
  if (kind === 'wireguard') return
  throw new WeftError('already-exists', `The interface ${name} exists and is not WireGuard.`, {
    advice: `Remove it by: ip link delete dev ${name}`,
  })
}

async function mustAnswer(name: InterfaceName): Promise<void> {
  if (await comesTrue(() => answers(name))) return
  throw new WeftError('program-failed', `No wireguard-go answers for the interface ${name}.`, {
    advice: `Remove the interface by: ip link delete dev ${name}`,
  })
}

/** wireguard-go ends when its interface is deleted; a socket is left behind only by one that was killed. */
async function remove(name: InterfaceName): Promise<void> {
  mustBeName(name)
  const existed = await deleteLink(name)
  const silent = async () => !(await answers(name))
  if (existed ? await comesTrue(silent) : await silent()) return rm(controlSocket(name), { force: true })
  // Without a link, one that answers serves an interface in another network namespace.
  if (existed) throw new WeftError('program-failed', `wireguard-go goes on without its interface ${name}.`)
}

async function deleteLink(name: InterfaceName): Promise<boolean> {
  try {
    await run('ip', ['link', 'delete', 'dev', name])
    return true
  } catch (error) {
    if (hasCode(error, 'not-found')) return false
    throw error
  }
}

/** One folder for all network namespaces of a machine; `wg` looks there, too. */
function controlSocket(name: InterfaceName): string {
  return `/var/run/wireguard/${name}.sock`
}

function answers(name: InterfaceName): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(controlSocket(name))
    socket.once('error', () => resolve(false))
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
  })
}

const LOOKS = 250
const PAUSE_MS = 20

/** Looks for 5 s. The timer keeps the process alive, for this may be the last thing that it does. */
async function comesTrue(check: () => Promise<boolean>): Promise<boolean> {
  for (let look = 0; look < LOOKS; look += 1) {
    if (await check()) return true
    await pause(PAUSE_MS)
  }
  return false
}

// Runs in the network namespace of a lab host, as an agent would, and does there what a test asks for over IPC.

import { createSocket, type Socket } from 'node:dgram'
import { subscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { connect } from 'node:net'
import { toWeftError, WeftError } from '../../src/errors.ts'
import { PrivateKey, publicKeyOf } from '../../src/keys/wireguard.ts'
import { desiredDevice } from '../../src/wireguard/blueprint.ts'
import type { DesiredDevice, InterfaceName, ObservedDevice } from '../../src/wireguard/device.ts'
import { diff } from '../../src/wireguard/diff.ts'
import { applyFirewall, observeFirewall, removeFirewall } from '../../src/wireguard/firewall.ts'
import { forwardsIpv6, startForwarding, stopForwarding } from '../../src/wireguard/forwarding.ts'
import { createDriver } from '../../src/wireguard/link.ts'
import { INTERFACE_PREFIX } from '../../src/wireguard/name.ts'
import type { NetworkPlan } from '../../src/wireguard/plan.ts'
import { programRuns } from '../../src/wireguard/run.ts'

/** What a node has to have; the private key as bytes, for an object of its class does not travel. */
export interface Orders {
  readonly name: InterfaceName
  readonly plan: NetworkPlan
  readonly privateKey: Uint8Array
  readonly listenPort: number
}

export interface Reconciled {
  /** Kinds of the steps, in their order. */
  readonly steps: readonly string[]
  /** Program runs while the steps were taken. */
  readonly runs: number
  /** Milliseconds for that. */
  readonly took: number
}

const driver = await createDriver('userspace')
const applied = new Map<InterfaceName, DesiredDevice>()
const taken = new Map<number, Socket>()
const programs: { readonly spawnargs: readonly string[] }[] = []

// At the time of the message the arguments are not there yet.
subscribe('child_process', (message) => {
  if (isProgram(message)) programs.push(message.process)
})

const calls = {
  async reconcile({ name, plan, privateKey: bytes, listenPort }: Orders): Promise<Reconciled> {
    const device = await driver.open(name)
    const privateKey = new PrivateKey(bytes)
    const desired = desiredDevice(plan, { privateKey, publicKey: publicKeyOf(privateKey), listenPort })
    const steps = diff(await device.observe(), desired, { now: Date.now(), previous: applied.get(name) })
    const before = totalRuns()
    const start = performance.now()
    await device.apply(steps)
    applied.set(name, desired)
    return {
      steps: steps.map(({ kind }) => kind),
      runs: totalRuns() - before,
      took: performance.now() - start,
    }
  },
  async observe(name: InterfaceName): Promise<ObservedDevice> {
    return (await driver.open(name)).observe()
  },
  /** The peers alone, and the program runs that took. */
  async observePeers(name: InterfaceName): Promise<{ peers: ObservedDevice['peers']; runs: number }> {
    const device = await driver.open(name)
    const before = totalRuns()
    return { peers: await device.observePeers(), runs: totalRuns() - before }
  },
  async list(): Promise<readonly InterfaceName[]> {
    return driver.list(INTERFACE_PREFIX)
  },
  async remove(name: InterfaceName): Promise<void> {
    await driver.remove(name)
  },
  /** What `auto` gives, and whether there is WireGuard in the kernel. */
  async kinds(): Promise<{ readonly auto: string; readonly inKernel: boolean }> {
    const kernel = await createDriver('kernel').catch(toWeftError)
    if (kernel instanceof WeftError && kernel.code !== 'unsupported') throw kernel
    return { auto: (await createDriver('auto')).kind, inKernel: !(kernel instanceof WeftError) }
  },
  async takePort(port: number): Promise<void> {
    const socket = createSocket('udp4').bind(port)
    await once(socket, 'listening')
    taken.set(port, socket)
  },
  async freePort(port: number): Promise<void> {
    taken.get(port)?.close()
  },
  applyFirewall,
  observeFirewall,
  removeFirewall,
  forwardsIpv6,
  startForwarding,
  stopForwarding,
  /** Whether a TCP connection comes about within a second, from an own address. */
  async connects(localAddress: string, host: string, port: number): Promise<boolean> {
    const socket = connect({ host, port, localAddress, timeout: 1_000 })
    try {
      return await Promise.race([
        once(socket, 'connect').then(() => true),
        once(socket, 'timeout').then(() => false),
      ])
    } catch {
      return false
    } finally {
      socket.destroy()
    }
  },
  /** Answers each datagram to this port of an address with itself. */
  async echo(address: string, port: number): Promise<void> {
    const socket = createSocket('udp6').bind(port, address)
    socket.on('message', (datagram, from) => socket.send(datagram, from.port, from.address))
    await once(socket, 'listening')
  },
  /** Whether an echo comes back within a second. */
  async echoes(address: string, port: number): Promise<boolean> {
    const socket = createSocket('udp6')
    socket.send('echo', port, address)
    const answer = once(socket, 'message', { signal: AbortSignal.timeout(1_000) })
    const came = await answer.then(() => true).catch(() => false)
    socket.close()
    return came
  },
  /** The arguments of all programs that were run so far. */
  async commandLines(): Promise<readonly (readonly string[])[]> {
    return programs.map(({ spawnargs }) => spawnargs)
  },
}

export type Calls = typeof calls

function totalRuns(): number {
  return Object.values(programRuns).reduce((sum, count) => sum + count, 0)
}

function isProgram(message: unknown): message is { process: { spawnargs: readonly string[] } } {
  return typeof message === 'object' && message !== null && 'process' in message
}

/** A call over IPC. */
interface Request {
  readonly id: number
  readonly name: keyof Calls
  readonly args: readonly unknown[]
}

process.on('message', async ({ id, name, args }: Request) => {
  // The other side (station.ts) has checked the arguments against the type of the call.
  const call = calls[name] as (...args: readonly unknown[]) => Promise<unknown>
  try {
    process.send?.({ id, result: await call(...args) })
  } catch (error) {
    const { code, message, advice } = toWeftError(error)
    process.send?.({ id, error: { code, message, advice } })
  }
})
process.send?.({ id: 0, result: 'ready' })

import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import type { Host } from '../../src/lab/host.ts'
import type { InterfaceName } from '../../src/wireguard/device.ts'
import type { PlannedPeer } from '../../src/wireguard/plan.ts'
import { run } from '../../src/wireguard/run.ts'
import { demoPlan, interfaceNamed, keyPair } from './fixture.ts'
import type { Orders } from './worker.ts'

/** For the tests that need root. */
export const skip = process.getuid?.() === 0 ? false : 'interfaces and network namespaces need root'

/** A lab id, and a beginning of interface names, that no other run uses. */
export const runId = `w${process.pid.toString(36)}`

/** The interface of member `self`; names are unique on the machine. */
export function nameOf(self: number): InterfaceName {
  return interfaceNamed(`wf${runId}${self}`)
}

/** Orders for member `self` of the demo network. */
export function ordersFor(self: number, peers: readonly PlannedPeer[], listenPort = 51_820): Orders {
  const privateKey = keyPair(self).privateKey.expose()
  return { name: nameOf(self), plan: demoPlan(self, peers), privateKey, listenPort }
}

/** The numbers of the wireguard-go processes in the namespace of a host. */
export async function userspacesOn(host: Host): Promise<readonly number[]> {
  const pids = await run('ip', ['netns', 'pids', host.namespace ?? ''])
  return pids
    .split('\n')
    .filter((pid) => pid !== '' && commandName(pid) === 'wireguard-go')
    .map(Number)
}

/** Rejects when `check` is not true within 2 s. */
export async function soon(what: string, check: () => boolean | Promise<boolean>): Promise<void> {
  for (let look = 0; look < 100; look += 1) {
    if (await check()) return
    await wait(20)
  }
  assert.fail(`${what}: not within 2 s`)
}

/** Starts a program that takes TCP connections to an address of a host; gives its port. */
export async function startListener(host: Host, address: string): Promise<number> {
  const script = `const server = require('net').createServer()
    server.listen(0, '${address}', () => console.log('port', server.address().port))`
  const daemon = await host.start('listen', [process.execPath, '-e', script])
  const [, port] = await daemon.waitFor(/^port (\d+)$/m, 5_000)
  return Number(port)
}

export function hasSocket(name: InterfaceName): boolean {
  return existsSync(`/run/wireguard/${name}.sock`)
}

function commandName(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim()
  } catch {
    return ''
  }
}

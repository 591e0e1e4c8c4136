import { existsSync, readFileSync } from 'node:fs'
import { toWeftError } from '../../errors.ts'
import { locate, type Program } from '../../wireguard/run.ts'
import { type Finding, fail, ok } from './finding.ts'

/** capabilities(7): the bit of CAP_NET_ADMIN. */
const CAP_NET_ADMIN = 12n

/** Whether this machine can have tunnels at all. */
export function checkMachine(): Finding[] {
  return [
    checkRights(readFileSync('/proc/self/status', 'utf8')),
    ...(['ip', 'wg', 'nft'] as const).map(checkProgram),
    checkWireGuard(),
  ]
}

/** @param status as /proc/self/status has it (proc(5)) */
export function checkRights(status: string): Finding {
  const [, effective = '0'] = /^CapEff:\s*([0-9a-f]+)$/m.exec(status) ?? []
  if ((BigInt(`0x${effective}`) >> CAP_NET_ADMIN) & 1n) return ok('rights', 'CAP_NET_ADMIN is there.')
  return fail('rights', 'CAP_NET_ADMIN is missing.', 'Run as root, or as the service in deploy/systemd does.')
}

function checkProgram(program: Program): Finding {
  const check = `program ${program}`
  try {
    return ok(check, `It is ${locate(program)}.`)
  } catch (error) {
    const { message, advice } = toWeftError(error)
    return fail(check, message, advice ?? `Install ${program}.`)
  }
}

function checkWireGuard(): Finding {
  if (existsSync('/sys/module/wireguard')) return ok('WireGuard', 'The kernel has it.')
  if (!existsSync('/dev/net/tun'))
    return fail(
      'WireGuard',
      'The kernel has none loaded, and there is no /dev/net/tun for wireguard-go.',
      'Load a module by: modprobe wireguard, or modprobe tun.',
    )
  const { state, advice = '' } = checkProgram('wireguard-go')
  return state === 'ok'
    ? ok('WireGuard', 'The kernel has none loaded; wireguard-go is there.')
    : fail('WireGuard', 'The kernel has none loaded, and wireguard-go is missing.', advice)
}

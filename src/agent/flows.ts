import { readFile } from 'node:fs/promises'
import { addressFromBytes, hostRange } from '../address/cidr.ts'
import type { Flow } from '../wireguard/filter-ruleset.ts'

/**
 * TCP connections of this machine as they are. The kernel tracks flows from the first filter on, so of these it has not
 * seen the beginning; they are to go on all the same. Nothing where the kernel does not tell.
 */
export async function openFlows(): Promise<readonly Flow[]> {
  const tables = await Promise.all(['tcp', 'tcp6'].map((table) => readTable(`/proc/net/${table}`)))
  return tables.flatMap(parseTable)
}

/** The established connections in a table of proc_pid_net(5). Without those of IPv4 that a socket of IPv6 carries doubled. */
export function parseTable(text: string): readonly Flow[] {
  return text.split('\n').flatMap((line): Flow[] => {
    const [, , local = '', remote = '', state] = /^(\s*\d+:)\s+(\S+)\s+(\S+)\s+(\S+)/.exec(line) ?? []
    const [own, other] = [socketIn(local), socketIn(remote)]
    if (state !== ESTABLISHED || !own || !other) return []
    return [{ from: hostRange(other.address), remotePort: other.port, localPort: own.port }]
  })
}

const ESTABLISHED = '01'

/** `0100007F:0016`: words of the address in the byte order of the machine, and the port. */
function socketIn(text: string) {
  const [words, port] = text.split(':')
  if (!words || !port || !/^([0-9A-F]{8}){1,4}$/.test(words)) return undefined
  const bytes = Uint8Array.from(
    (words.match(/.{8}/g) ?? []).flatMap((word) => [...Buffer.from(word, 'hex').reverse()]),
  )
  const isMapped = bytes.length === 16 && MAPPED.every((byte, at) => bytes[at] === byte)
  const address = addressFromBytes(isMapped ? bytes.slice(MAPPED.length) : bytes)
  return address && { address, port: Number.parseInt(port, 16) }
}

/** ::ffff:0:0/96, RFC 4291 section 2.5.5.2 */
const MAPPED = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255]

function readTable(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '')
}

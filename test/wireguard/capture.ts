import { readFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import type { Host } from '../../src/lab/host.ts'

/** Packets that tcpdump writes down. */
export interface Capture {
  /** Ends it and gives the file, in the format of pcap-savefile(5). */
  end(): Promise<Buffer>
}

/** The kernel hands packets to tcpdump in blocks, of which the last may take a second. */
const LAST_BLOCK_MS = 1_100

/** Starts to write down what passes an interface of a host, as far as it is what `filter` says. */
export async function startCapture(host: Host, device: string, filter = ''): Promise<Capture> {
  const file = `${host.dir}/${device}.pcap`
  const command = `exec tcpdump -n -U -Z root -i ${device} -w ${file} '${filter}' 2>&1`
  const daemon = await host.start(`capture-${device}`, ['sh', '-c', command])
  await daemon.waitFor(/listening on/, 5_000)
  return {
    async end() {
      await wait(LAST_BLOCK_MS)
      await daemon.stop('SIGINT', 3_000)
      return readFileSync(file)
    },
  }
}

/** How many packets there are in a capture. */
export function packetsIn(capture: Buffer): number {
  const FILE_HEADER = 24
  const PACKET_HEADER = 16
  let count = 0
  for (let place = FILE_HEADER; place < capture.length; count += 1) {
    place += PACKET_HEADER + capture.readUInt32LE(place + 8)
  }
  return count
}

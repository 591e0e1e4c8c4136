import assert from 'node:assert/strict'
import type { Host } from '../../src/lab/host.ts'
import { transfer } from '../../src/lab/transfer.ts'
import { eventually } from '../rig.ts'
import type { Stage } from './stage.ts'

const BYTES = 1_000_000

/** A packet of this size passes in one piece, in both families and directions, none larger does, and a file arrives whole. */
export async function assertCarries(
  { lab, addressesOf }: Stage,
  [a, b]: readonly [string, string],
  size: number,
): Promise<void> {
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    const [host, other] = [lab.host(from), lab.host(to)]
    for (const address of addressesOf(to)) {
      // While a better path is on trial, its size counts.
      await eventually(
        `${size} bytes pass from ${from} to ${address}, and no more`,
        async () => {
          return (await passes(host, address, size)) && !(await passes(host, address, size + 1))
        },
        20_000,
      )
    }
    const [address = ''] = addressesOf(to)
    const { sent, received } = await transfer(host, { host: other, address }, { bytes: BYTES, limit: 30_000 })
    assert.equal(received.bytes, BYTES)
    assert.deepEqual(received, sent)
  }
}

async function passes(host: Host, address: string, size: number): Promise<boolean> {
  const headers = address.includes(':') ? 48 : 28
  const args = ['-n', '-q', '-M', 'do', '-c', '1', '-W', '2', '-s', String(size - headers), address]
  return host.exec('ping', args).then(
    () => true,
    () => false,
  )
}

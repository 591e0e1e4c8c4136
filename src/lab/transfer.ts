import { fileURLToPath } from 'node:url'
import type { Host } from './host.ts'

/** What one end of a transfer saw go by. */
export interface TransferEnd {
  readonly bytes: number
  /** SHA-256 in hex. */
  readonly hash: string
}

export interface Transfer {
  readonly sent: TransferEnd
  readonly received: TransferEnd
  /** From the first byte that arrived to the last. */
  readonly milliseconds: number
}

const END_PROGRAM = fileURLToPath(new URL('transfer-end.ts', import.meta.url))
const READY_MS = 10_000

/**
 * Sends random bytes by TCP from one host to an address of another, `limit` ms at most. What was sent and what arrived
 * are told apart, so that the caller compares them. Rejects with `program-failed` when the transfer does not come to its end.
 */
export async function transfer(
  from: Host,
  to: { readonly host: Host; readonly address: string },
  { bytes, limit }: { readonly bytes: number; readonly limit: number },
): Promise<Transfer> {
  const receiver = await to.host.start('receive', [process.execPath, END_PROGRAM, 'receive', to.address])
  const [, port = ''] = await receiver.waitFor(/^port (\d+)$/m, READY_MS)
  const said = await from.exec(
    process.execPath,
    [END_PROGRAM, 'send', to.address, port, String(bytes)],
    limit,
  )
  const done = await receiver.waitFor(DONE, limit)
  const [, took] = await receiver.waitFor(/^took ([\d.]+)$/m, limit)
  return { sent: toEnd(said.match(DONE)), received: toEnd(done), milliseconds: Number(took) }
}

const DONE = /^done (\d+) ([0-9a-f]{64})$/m

function toEnd(line: RegExpMatchArray | null): TransferEnd {
  return { bytes: Number(line?.[1]), hash: line?.[2] ?? '' }
}
